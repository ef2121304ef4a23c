import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FileReference } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { SourceSettings } from '../../component/index.js';

const STAGING = '/staging/files';
const NAME_BYTES_MAX = 200;

/** Where files go: the setting, else the platform's staging folder where there is one, else one below the temporary folder. */
export function filesFolder(settings: SourceSettings): string {
  if (typeof settings.filesFolder === 'string' && settings.filesFolder !== '') return settings.filesFolder;
  const staging = process.env.AIRBYTE_STAGING_DIRECTORY || STAGING;
  return existsSync(staging) ? staging : join(tmpdir(), 'airbyte-file-transfer');
}

/**
 * Writes a file below the folder of its stream, piece by piece; a file that is there already is replaced once the new one is
 * whole. The name comes from the API: it never leads out of the folder. Throws ConnectorError (system) when it cannot be written.
 */
export async function storeFile(
  content: AsyncIterable<Uint8Array>,
  place: { folder: string; stream: string; name: string },
): Promise<FileReference> {
  const relative = [...segments(place.stream), ...segments(place.name)].join('/');
  const path = join(place.folder, relative);
  const part = `${path}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await pipeline(content, createWriteStream(part));
    await rename(part, path);
    const { size } = await stat(path);
    return { staging_file_url: path, source_file_relative_path: relative, file_size_bytes: size };
  } catch (cause) {
    await rm(part, { force: true }).catch(() => undefined);
    if (cause instanceof ConnectorError || (cause as Error).name === 'AbortError') throw cause;
    throw new ConnectorError('system', `The file '${relative}' cannot be stored: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** The parts of a path; none of them leads up or is longer than a file's name may be. */
function segments(path: string): string[] {
  const parts = path
    .split(/[/\\]/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they have no place in a file's name
    .map((part) => part.replace(/[\u0000-\u001f]/g, ''))
    .filter((part) => part !== '' && part !== '.' && part !== '..');
  return (parts.length ? parts : ['file']).map((part) =>
    Buffer.from(part, 'utf8').subarray(0, NAME_BYTES_MAX).toString('utf8'),
  );
}
