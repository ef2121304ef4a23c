import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Json, JsonObject, LogLevel } from '@tidemark/protocol';
import { ConnectorError, type Source } from '@tidemark/source';
import type { CommandOptions } from '../options.js';
import { readText } from './json-input.js';

/**
 * The source of a manifest file, with the custom code beside it where the manifest asks for some. Warnings go to `log`.
 * Throws ConnectorError (config) with every error of the manifest in its message, one a line.
 */
export async function loadSource(
  file: string,
  options: CommandOptions,
  log: (level: LogLevel, message: string) => void,
): Promise<Source> {
  const text = readText(file, 'manifest');
  const folder = dirname(resolve(file));
  const { createSource, formatDiagnostic, loadCustomComponents, ManifestError } = await import('@tidemark/declarative');
  const wantsCode = options.customCode !== false && text.includes('class_name');
  const customComponent = wantsCode ? await loadCustomComponents(folder) : undefined;
  try {
    const { source, diagnostics } = await createSource({ text, file, readFile: folderReader(folder), customComponent });
    for (const diagnostic of diagnostics) log('WARN', formatDiagnostic(diagnostic));
    return source;
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    throw new ConnectorError('config', `The manifest cannot run.\n${error.message}`, { cause: error });
  }
}

/** A configuration is an object; null stands for an empty one. */
export function asConfig(value: Json): JsonObject {
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new ConnectorError('config', 'The configuration must be an object.');
  return value as JsonObject;
}

/** Reads files of the connector's own folder; the language hands over only paths that stay inside it. */
function folderReader(folder: string): (path: string) => string | undefined {
  return (path) => {
    try {
      return readFileSync(resolve(folder, path), 'utf8');
    } catch {
      return undefined;
    }
  };
}
