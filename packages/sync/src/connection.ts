import { readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import { type JsonObject, parseJson } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { CheckpointPolicy } from './checkpoint.js';
import { fillEnvironment } from './connection/environment.js';
import { type Problem, violations } from './connection/violations.js';
import { type PlacedYaml, parsePlacedYaml, YamlSyntaxError } from './connection/yaml-places.js';
import { type DestinationSpec, parseDestination } from './destinations/open.js';
import type { StreamSelection } from './modes.js';

/** Which source: a manifest's path, or a name that the caller knows. */
export type SourceSpec = { manifest: string; isPath: boolean };

/** A connection.yaml, checked and filled in. */
export interface ConnectionSettings {
  /** Names the connection in the destination's books. */
  name: string;
  source: SourceSpec;
  config: JsonObject;
  destination: DestinationSpec;
  streams?: StreamSelection[];
  checkpoint?: Partial<CheckpointPolicy>;
  /** Values that came from the environment: to be redacted. */
  secrets: string[];
}

/** The file as its schema lets it be. */
interface ConnectionFile {
  name?: string;
  source: string | { manifest: string };
  config?: string | JsonObject;
  destination: string | DestinationSpec;
  streams?: (string | StreamFile)[];
  checkpoint?: Partial<CheckpointPolicy>;
}
type StreamFile = Omit<StreamSelection, 'primary_key' | 'cursor_field'> & {
  primary_key?: string | (string | string[])[];
  cursor_field?: string | string[];
};

/**
 * Reads a connection.yaml. Paths in it are relative to it; `${NAME}` in `config` and `destination` is filled from the
 * environment. Throws one ConnectorError (config) that lists everything that is wrong, each with `file:line:column`.
 */
export async function readConnection(
  file: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ConnectionSettings> {
  const document = parse(file, readText(file, 'connection'));
  const problems = await violations(document.value);
  if (problems.length > 0) throw refusal(file, document, problems);
  const tree = document.value as ConnectionFile;
  const folder = dirname(resolve(file));
  const config = typeof tree.config === 'string' ? readConfig(resolve(folder, tree.config)) : (tree.config ?? {});
  const filled = fillEnvironment({ config, destination: tree.destination }, environment);
  if (filled.unset.length > 0) {
    const unset = filled.unset.map(
      ({ name, path }): Problem => ({ path, message: `the environment variable ${name} is not set` }),
    );
    throw refusal(file, document, unset);
  }
  const { destination, config: filledConfig } = filled.value as {
    destination: string | DestinationSpec;
    config: JsonObject;
  };
  const source = sourceOf(tree.source, folder);
  return {
    name: tree.name ?? connectionName(source.manifest),
    source,
    config: filledConfig,
    destination: destinationOf(file, document, destination, folder),
    streams: tree.streams?.map(selectionOf),
    checkpoint: tree.checkpoint,
    secrets: filled.secrets,
  };
}

/**
 * What a connection without a name of its own is called: its manifest; the folder of one that is called `manifest`, as most
 * are. The same manifest and destination go on.
 */
export function connectionName(manifest: string): string {
  const name = basename(manifest).replace(/\.(ya?ml|json)$/i, '');
  return name === 'manifest' ? basename(dirname(resolve(manifest))) || name : name;
}

function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`;
    throw new ConnectorError('config', `The ${what} file ${file} ${why}.`, { cause: error });
  }
}

function parse(file: string, text: string): PlacedYaml {
  try {
    return parsePlacedYaml(text);
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    const { line, column } = error.place;
    throw new ConnectorError('config', `${file}:${line}:${column} this is no YAML: ${error.message}`);
  }
}

/** The text around a mistake may be a secret: it is not shown. */
function readConfig(file: string): JsonObject {
  let value: unknown;
  try {
    value = parseJson(readText(file, 'configuration'));
  } catch (error) {
    if (error instanceof ConnectorError) throw error;
    throw new ConnectorError('config', `The configuration file ${file} is not valid JSON.`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new ConnectorError('config', `The configuration file ${file} must hold a JSON object.`);
}

function refusal(file: string, document: PlacedYaml, problems: readonly Problem[]): ConnectorError {
  const lines = problems.map(({ path, message, atKey }) => {
    const { line, column } = document.place(path, atKey);
    return { line, column, text: `${file}:${line}:${column} ${message}` };
  });
  lines.sort((a, b) => a.line - b.line || a.column - b.column);
  return new ConnectorError('config', lines.map(({ text }) => text).join('\n'));
}

function sourceOf(source: string | { manifest: string }, folder: string): SourceSpec {
  const manifest = typeof source === 'string' ? source : source.manifest;
  const isPath = /[\\/]|\.(ya?ml|json)$/i.test(manifest);
  return { manifest: isPath ? resolve(folder, manifest) : manifest, isPath };
}

function destinationOf(
  file: string,
  document: PlacedYaml,
  destination: string | DestinationSpec,
  folder: string,
): DestinationSpec {
  let spec: DestinationSpec;
  try {
    spec = typeof destination === 'string' ? parseDestination(destination) : destination;
  } catch (error) {
    throw refusal(file, document, [{ path: ['destination'], message: (error as Error).message }]);
  }
  const { path } = spec.duckdb;
  return { duckdb: { ...spec.duckdb, path: isAbsolute(path) ? path : resolve(folder, path) } };
}

function selectionOf(stream: string | StreamFile): StreamSelection {
  if (typeof stream === 'string') return { name: stream };
  const { primary_key: key, cursor_field: cursor, ...rest } = stream;
  const selection: StreamSelection = rest;
  if (key !== undefined)
    selection.primary_key = (typeof key === 'string' ? [key] : key).map((part) =>
      typeof part === 'string' ? [part] : part,
    );
  if (cursor !== undefined) selection.cursor_field = typeof cursor === 'string' ? [cursor] : cursor;
  return selection;
}
