import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { canonical, type JsonObject, parseJson } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { type BooksSpec, booksSecrets, parseBooks } from './books/open.js';
import type { CheckpointPolicy } from './checkpoint.js';
import { fillEnvironment } from './connection/environment.js';
import { type Problem, violations } from './connection/violations.js';
import { type PlacedYaml, parsePlacedYaml, YamlSyntaxError } from './connection/yaml-places.js';
import { type DestinationSpec, destinationSecrets, parseDestination, resolveDestination } from './destinations/open.js';
import type { StreamSelection } from './modes.js';
import { type WebhookSettings, webhookProblems, webhookSecrets } from './notify/webhook-settings.js';
import type { ProcessSourceSettings } from './processes/process-source.js';
import { programSource, programTitle } from './processes/source-spec.js';
import type { RetryPolicy } from './retry.js';

/** Which source: a manifest's path, or a name that the caller knows; or a program of the Airbyte protocol. */
export type SourceSpec = { manifest: string; isPath: boolean } | { program: ProcessSourceSettings };

/** A connection.yaml, checked and filled in. */
export interface ConnectionSettings {
  /** Names the connection in the destination's books. */
  name: string;
  source: SourceSpec;
  config: JsonObject;
  /** Where the configuration came from, when that is a file of its own that holds all of it. */
  configFile?: string;
  destination: DestinationSpec;
  streams?: StreamSelection[];
  checkpoint?: Partial<CheckpointPolicy>;
  /** False: a failed sync does not go on by itself. */
  retry?: Partial<RetryPolicy> | false;
  heartbeatSeconds?: number;
  destinationSilentSeconds?: number;
  /** Where jobs and states are kept; absent: in the destination. */
  state?: BooksSpec;
  webhooks: WebhookSettings[];
  /** Values that came from the environment: to be redacted. */
  secrets: string[];
}

/** The file as its schema lets it be. */
interface ConnectionFile {
  name?: string;
  source: string | SourceFile;
  config?: string | JsonObject;
  destination: string | DestinationSpec;
  streams?: (string | StreamFile)[];
  checkpoint?: Partial<CheckpointPolicy>;
  retry?: Partial<RetryPolicy> | false;
  heartbeat_seconds?: number;
  destination_silent_seconds?: number;
  state?: string;
  webhooks?: (string | WebhookSettings)[];
}
type SourceFile = ProcessSourceSettings & { manifest?: string };
type StreamFile = Omit<StreamSelection, 'primary_key' | 'cursor_field'> & {
  primary_key?: string | (string | string[])[];
  cursor_field?: string | string[];
};

/**
 * Reads a connection.yaml. Paths in it are relative to it; `${NAME}` in `config` and `destination` is filled from the
 * environment. `target`: only where the rows go, for whoever does not read the source; `config` and `webhooks` are
 * left out, and a variable in `source` need not be set.
 * Throws one ConnectorError (config) that lists everything that is wrong, each with `file:line:column`.
 */
export async function readConnection(
  file: string,
  environment: NodeJS.ProcessEnv = process.env,
  part: 'all' | 'target' = 'all',
): Promise<ConnectionSettings> {
  const document = parse(file, readText(file, 'connection'));
  const problems = await violations(document.value);
  if (problems.length > 0) throw refusal(file, document, problems);
  const tree = document.value as ConnectionFile;
  const folder = dirname(resolve(file));
  const ownConfig = part === 'all' ? tree.config : undefined;
  const config = typeof ownConfig === 'string' ? readConfig(resolve(folder, ownConfig)) : (ownConfig ?? {});
  const { destination: given, state: stateText, source: from } = tree;
  const forAll = part === 'all' ? { config, source: from, webhooks: tree.webhooks } : {};
  const filled = fillEnvironment({ ...forAll, destination: given, state: stateText }, environment);
  if (filled.unset.length > 0) {
    const unset = filled.unset.map(
      ({ name, path }): Problem => ({ path, message: `the environment variable ${name} is not set` }),
    );
    throw refusal(file, document, unset);
  }
  const value: ConnectionFile = { config, ...tree, ...(filled.value as Partial<ConnectionFile>) };
  if (part === 'target') value.webhooks = [];
  const refused: Problem[] = [];
  /** What a part throws is told with its place, beside what is wrong with the others. */
  const at = <T>(path: Problem['path'], read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      refused.push({ path, message: (error as Error).message });
      return undefined;
    }
  };
  const destination = at(['destination'], () => destinationOf(value.destination, folder));
  const state = at(['state'], () => (value.state === undefined ? undefined : parseBooks(value.state, folder)));
  const source = at(['source'], () => sourceOf(value.source, folder, tree.name));
  const webhooks = webhooksOf(value.webhooks ?? [], refused);
  if (destination === undefined || source === undefined || refused.length > 0) throw refusal(file, document, refused);
  const isWholeFile = typeof ownConfig === 'string' && canonical(value.config as JsonObject) === canonical(config);
  return {
    name: tree.name ?? ('program' in source ? programTitle(source.program) : connectionName(source.manifest)),
    source,
    config: value.config as JsonObject,
    ...(isWholeFile ? { configFile: resolve(folder, ownConfig) } : {}),
    destination,
    streams: tree.streams?.map(selectionOf),
    checkpoint: tree.checkpoint,
    retry: tree.retry,
    heartbeatSeconds: tree.heartbeat_seconds,
    destinationSilentSeconds: tree.destination_silent_seconds,
    state,
    webhooks,
    secrets: [
      ...filled.secrets,
      ...('manifest' in source ? urlSecrets(source.manifest) : []),
      ...destinationSecrets(destination),
      ...booksSecrets(state),
      ...webhooks.flatMap(webhookSecrets),
    ],
  };
}

/** The webhooks in their long form; what is wrong with them goes to `refused`. */
function webhooksOf(given: readonly (string | WebhookSettings)[], refused: Problem[]): WebhookSettings[] {
  const webhooks = given.map((hook) => (typeof hook === 'string' ? { url: hook } : hook));
  for (const [index, hook] of webhooks.entries()) {
    for (const problem of webhookProblems(hook)) {
      const path = ['webhooks', index, ...problem.path];
      refused.push({ path, message: `'${path.join('.')}' ${problem.message}` });
    }
  }
  return webhooks;
}

/**
 * What a connection without a name of its own is called: its manifest; the folder of one that is called `manifest`, as most
 * are. The same manifest and destination go on.
 */
export function connectionName(manifest: string): string {
  if (URL_FORM.test(manifest)) return urlTitle(manifest);
  const name = basename(manifest).replace(/\.(ya?ml|json|m?[jt]s)$/i, '');
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

const URL_FORM = /^[a-z][a-z0-9+]*:\/\//i;

/** A URL as people may see it: host and path, without who signs in. */
function urlTitle(url: string): string {
  const { hostname, pathname } = URL.canParse(url) ? new URL(url) : { hostname: 'database', pathname: '' };
  return `${hostname}${pathname}`.replace(/\/+$/, '');
}

function urlSecrets(url: string): string[] {
  if (!URL_FORM.test(url) || !URL.canParse(url)) return [];
  const { password } = new URL(url);
  return password === '' ? [] : [password, decodeURIComponent(password)];
}

function sourceOf(source: string | SourceFile, folder: string, name: string | undefined): SourceSpec {
  const program = typeof source === 'string' ? undefined : programSource(source, folder, name);
  if (program) return { program };
  const manifest = typeof source === 'string' ? source : source.manifest!;
  // A database is named by its URL, which is no path.
  if (URL_FORM.test(manifest)) return { manifest, isPath: true };
  const isPath = /[\\/]|\.(ya?ml|json|m?[jt]s)$/i.test(manifest);
  return { manifest: isPath ? resolve(folder, manifest) : manifest, isPath };
}

function destinationOf(destination: string | DestinationSpec, folder: string): DestinationSpec {
  return resolveDestination(typeof destination === 'string' ? parseDestination(destination) : destination, folder);
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
