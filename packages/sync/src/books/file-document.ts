import { link, readFile, rename } from 'node:fs/promises';
import { type Json, type JsonObject, parseJson, stringify } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { Job, JobOutcome, OpenOptions, StoredAttempt, StoredStream } from '../destination.js';
import { FileVersions } from './file-versions.js';

/** Raised when the shape changes; a file with a higher one is refused. */
const VERSION = 1;

/** One connection's books. */
export interface ConnectionBooks {
  job?: Job;
  outcome?: JobOutcome | 'running';
  lastAttemptProgressed?: boolean;
  givenUp?: boolean;
  shared?: JsonObject;
  streams: StoredStream[];
  /** Oldest first. */
  attempts: StoredAttempt[];
}

/** What the file holds. */
export interface BooksDocument {
  tidemark_books: number;
  /** The highest fencing token that has written the file. */
  token: number;
  connections: Record<string, ConnectionBooks>;
}

/**
 * Reads the books. A file that is damaged (cut short, not ours) is put aside and the one before it is used, which is one
 * checkpoint older: what was read since then comes again, nothing is left out.
 * Throws ConnectorError (config) that says what to do when neither is whole, or when only the older one is there.
 */
export async function readBooks(
  path: string,
  { log, readOnly }: Pick<OpenOptions, 'log' | 'readOnly'>,
): Promise<BooksDocument> {
  const previous = `${path}.previous`;
  const [now, before] = [await readOne(path), await readOne(previous)];
  if (typeof now === 'object') return now;
  if (now === 'absent') {
    if (before === 'absent') return { tidemark_books: VERSION, token: 0, connections: {} };
    throw new ConnectorError(
      'config',
      `The state file ${path} is gone, but ${previous} is there. Rename that to ${path} to go on from it, or delete it too to begin anew.`,
    );
  }
  if (typeof before === 'object') {
    if (readOnly) return before;
    const aside = `${path}.damaged`;
    await rename(path, aside);
    await link(previous, path);
    log(
      'WARN',
      `The state file ${path} is damaged (${now}). It is kept as ${aside}, and the sync goes on from ${previous}, which is one checkpoint older: rows since then are sent again.`,
    );
    return before;
  }
  throw new ConnectorError(
    'config',
    `The state file ${path} is damaged (${now}) and there is no whole copy of it in ${previous}. Put a copy from a backup in its place and sync again; or delete both to begin anew, then every stream is read from its beginning.`,
  );
}

async function readOne(path: string): Promise<BooksDocument | 'absent' | string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'absent';
    const why = code === 'EISDIR' ? 'is a folder; name a file' : `cannot be read (${code})`;
    throw new ConnectorError('config', `The state file ${path} ${why}.`, { cause: error });
  }
  if (text.trim() === '') return 'it is empty';
  let value: Json;
  try {
    value = parseJson(text);
  } catch {
    return 'it is cut short or is no JSON';
  }
  const document = value as unknown as BooksDocument;
  if (typeof document !== 'object' || document === null || typeof document.tidemark_books !== 'number')
    return 'it is no state file of Tidemark';
  if (document.tidemark_books > VERSION) {
    throw new ConnectorError(
      'config',
      `The state file ${path} was written by a newer Tidemark (version ${document.tidemark_books}, this one knows ${VERSION}). Update Tidemark.`,
    );
  }
  const whole = Object.values(document.connections ?? { none: null }).every(
    (books) => Array.isArray(books?.streams) && Array.isArray(books.attempts),
  );
  return whole && typeof document.token === 'number' ? document : 'parts of it are missing';
}

/** Replaces the file in one step, durable when it returns; the one before it stays as `FILE.previous`. */
export async function writeBooks(path: string, document: BooksDocument, versions: FileVersions): Promise<void> {
  try {
    await versions.write(`${stringify(document)}\n`);
  } catch (error) {
    throw error instanceof ConnectorError ? error : notWritten(path, error);
  }
}

/** See `FileVersions.claim`. */
export async function claimBooks(path: string): Promise<FileVersions> {
  return FileVersions.claim(path).catch((error) => {
    throw error instanceof ConnectorError ? error : notWritten(path, error);
  });
}

function notWritten(path: string, error: unknown): ConnectorError {
  const { code } = error as NodeJS.ErrnoException;
  const kind = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EIO' ? 'transient' : 'config';
  return new ConnectorError(kind, `The state file ${path} cannot be written (${code ?? String(error)}).`, {
    cause: error,
  });
}
