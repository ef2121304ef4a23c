import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type {
  BooksSpec,
  CheckpointPolicy,
  ConnectionSettings,
  DestinationSpec,
  ProcessSourceSettings,
  RetryPolicy,
  StreamSelection,
  WebhookSettings,
} from '@tidemark/sync';
import type { SyncOptions } from '../commands/sync.js';
import { isDialect } from '../input/database.js';
import { readJsonInput, readText } from '../input/json-input.js';
import { asConfig } from '../input/manifest.js';

/** Where a sync writes, and where its books are. */
export interface Target {
  /** Names the connection in the books. */
  name: string;
  destination: DestinationSpec;
  /** Where jobs and states are kept when not in the destination. */
  state?: BooksSpec;
  /** Values that no message may show. */
  secrets: string[];
  /** Which streams, and how; absent: all. */
  streams?: StreamSelection[];
}

/** Everything that a sync was asked for, from a connection file or from the command line. */
export interface JobOrder extends Target {
  /** A manifest's path, or a program of the Airbyte protocol. */
  source: { manifest: string } | { program: ProcessSourceSettings };
  config: JsonObject;
  /** Where the configuration came from, when that is a file that can be written again. */
  configFile?: string;
  checkpoint?: Partial<CheckpointPolicy>;
  retry?: Partial<RetryPolicy> | false;
  heartbeatSeconds?: number;
  destinationSilentSeconds?: number;
  webhooks: WebhookSettings[];
  /** Where what webhooks have not taken waits for the next sync. */
  undelivered?: string;
}

/** What says where a sync writes: a connection file, or a manifest together with --to. */
export interface TargetOptions {
  to?: string;
}

/** Reads the order. Throws ConnectorError (config) for wrong usage and wrong files. */
export async function readJobOrder(file: string, options: SyncOptions): Promise<JobOrder> {
  return options.to === undefined ? fromConnection(file, options) : fromManifest(file, options.to, options);
}

/** Reads only where a sync writes: what the source needs may be missing. Throws ConnectorError (config). */
export async function readTarget(file: string, { to }: TargetOptions): Promise<Target> {
  const { connectionName, readConnection } = await import('@tidemark/sync');
  if (to !== undefined)
    return withState({ name: connectionName(file), ...destinationOf(to, await import('@tidemark/sync')) }, '.');
  refuseManifest(file);
  const { name, destination, state, secrets, streams } = await readConnection(file, process.env, 'target');
  return withState({ name, destination, state, secrets, streams }, dirname(resolve(file)));
}

/** A destination that cannot keep the state has it in a file beside the connection. */
async function withState<T extends Target>(target: T, folder: string): Promise<T> {
  const { needsBooks } = await import('@tidemark/sync');
  if (target.state !== undefined || !needsBooks(target.destination)) return target;
  return { ...target, state: { file: besideIn(folder, target.name, 'state') } };
}

/** A file of the connection in a folder, named after it and after what it holds. */
function besideIn(folder: string, name: string, what: string): string {
  return resolve(folder, `${name.replace(/[^\w.-]+/g, '_')}.${what}.json`);
}

async function fromManifest(manifest: string, to: string, options: SyncOptions): Promise<JobOrder> {
  const kit = await import('@tidemark/sync');
  const { config: configFile } = options;
  const order: JobOrder = {
    name: kit.connectionName(manifest),
    source: { manifest },
    config: configFile === undefined ? {} : asConfig(readJsonInput(configFile, 'configuration')),
    configFile: configFile === '-' ? undefined : configFile,
    ...destinationOf(to, kit),
    streams: chosenStreams(undefined, options.streams),
    webhooks: [],
  };
  return withState(order, '.');
}

function destinationOf(
  to: string,
  { destinationSecrets, parseDestination }: typeof import('@tidemark/sync'),
): Pick<Target, 'destination' | 'secrets'> {
  const destination = parseDestination(to);
  return { destination, secrets: destinationSecrets(destination) };
}

async function fromConnection(file: string, options: SyncOptions): Promise<JobOrder> {
  refuseManifest(file);
  if (options.config !== undefined) {
    throw new ConnectorError(
      'config',
      '--config goes with a manifest and --to; a connection file has its configuration inside.',
    );
  }
  const { readConnection } = await import('@tidemark/sync');
  const connection = await readConnection(file);
  const order: JobOrder = {
    name: connection.name,
    source: await sourceOf(connection, dirname(resolve(file))),
    config: connection.config,
    configFile: connection.configFile,
    destination: connection.destination,
    streams: chosenStreams(connection.streams, options.streams),
    checkpoint: connection.checkpoint,
    retry: connection.retry,
    heartbeatSeconds: connection.heartbeatSeconds,
    destinationSilentSeconds: connection.destinationSilentSeconds,
    state: connection.state,
    webhooks: connection.webhooks,
    undelivered: besideIn(dirname(resolve(file)), connection.name, 'webhooks'),
    secrets: connection.secrets,
  };
  return withState(order, dirname(resolve(file)));
}

function refuseManifest(file: string): void {
  const isUrl = /^[a-z][a-z0-9+]*:\/\//i.test(file);
  if (!isUrl && !/^["']?type["']?\s*:\s*["']?(?:Declarative|Database)Source/m.test(readText(file, 'connection')))
    return;
  throw new ConnectorError(
    'config',
    `${isUrl ? 'A database' : `'${file}'`} is ${isUrl ? 'a source' : 'a manifest'}: say with --to where its rows go, for example --to duckdb:data.duckdb.`,
  );
}

/** A source by its name: a manifest beside the connection file, in a folder of that name, or in an installed package. */
async function sourceOf({ source }: ConnectionSettings, folder: string): Promise<JobOrder['source']> {
  if ('program' in source || source.isPath) return source;
  const { manifest: name } = source;
  const places = [`${name}.yaml`, join(name, 'manifest.yaml'), join('node_modules', name, 'manifest.yaml')];
  const found = places.map((place) => join(folder, place)).find((place) => existsSync(place));
  // A kind of database, whose host and tables the configuration says.
  if (found === undefined && (await isDialect(name))) return { manifest: name };
  if (found === undefined) {
    throw new ConnectorError('config', `There is no source '${name}': looked for ${places.join(', ')} in ${folder}.`);
  }
  return { manifest: found };
}

function chosenStreams(all: StreamSelection[] | undefined, wanted: string | undefined): StreamSelection[] | undefined {
  if (wanted === undefined) return all;
  const names = wanted
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new ConnectorError('config', '--streams names no stream.');
  return [...new Set(names)].map((name) => {
    const known = all?.find((stream) => stream.name === name);
    if (all && !known) {
      throw new ConnectorError(
        'config',
        `--streams: '${name}' is not in the connection file, which has: ${all.map((stream) => stream.name).join(', ')}.`,
      );
    }
    return known ?? { name };
  });
}
