import { dirname, resolve } from 'node:path';
import { type Json, type JsonObject, type LogLevel, stringify } from '@tidemark/protocol';
import { ConnectorError, type Source } from '@tidemark/source';
import type { CommandOptions } from '../options.js';
import { databaseManifest, isDatabaseManifest, namedDatabase } from './database.js';
import { readText } from './json-input.js';

/**
 * The source of a manifest file, with the custom code beside it where the manifest asks for some; or the database that is
 * named instead of a file (`postgres`, `postgres://…`). Warnings go to `log`.
 * Throws ConnectorError (config) with every error of the manifest in its message, one a line.
 */
export async function loadSource(
  file: string,
  options: CommandOptions,
  log: (level: LogLevel, message: string) => void,
): Promise<Source> {
  const database = await namedDatabase(file);
  if (database) return database;
  const text = await readManifestFile(file, options);
  if (isDatabaseManifest(text)) return databaseManifest(text, file, log);
  const folder = dirname(resolve(file));
  const { connectorFolder, createSource, formatDiagnostic, loadCustomComponents, ManifestError } = await import(
    '@tidemark/declarative'
  );
  const wantsCode =
    options.customCode !== false && (typeof text === 'string' ? text : stringify(text)).includes('class_name');
  const customComponent = wantsCode ? await loadCustomComponents(folder) : undefined;
  try {
    const { source, diagnostics } = await createSource({
      text,
      file,
      readFile: connectorFolder(folder),
      customComponent,
    });
    for (const diagnostic of diagnostics) log('WARN', formatDiagnostic(diagnostic));
    return source;
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    throw new ConnectorError('config', `The manifest cannot run.\n${error.message}`, { cause: error });
  }
}

/**
 * The manifest as its file has it: the text of a YAML or JSON file, what a module exports. A module is code: with
 * `--no-custom-code` it is refused.
 */
export async function readManifestFile(file: string, options: CommandOptions): Promise<string | JsonObject> {
  const text = readText(file, 'manifest');
  const { isManifestModule, loadManifestModule } = await import('@tidemark/declarative');
  if (!isManifestModule(file)) return text;
  if (options.customCode === false)
    throw new ConnectorError('config', `${file} is a program, and --no-custom-code allows none. Give a YAML manifest.`);
  return loadManifestModule(resolve(file));
}

/** A configuration is an object; null stands for an empty one. */
export function asConfig(value: Json): JsonObject {
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new ConnectorError('config', 'The configuration must be an object.');
  return value as JsonObject;
}
