import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { CheckpointPolicy, ConnectionSettings, DestinationSpec, StreamSelection } from '@tidemark/sync';
import type { SyncOptions } from '../commands/sync.js';
import { readJsonInput, readText } from '../input/json-input.js';
import { asConfig } from '../input/manifest.js';

/** Everything that a sync was asked for, from a connection file or from the command line. */
export interface JobOrder {
  /** Names the connection in the destination's books. */
  name: string;
  manifest: string;
  config: JsonObject;
  /** Where the configuration came from, when that is a file that can be written again. */
  configFile?: string;
  destination: DestinationSpec;
  streams?: StreamSelection[];
  checkpoint?: Partial<CheckpointPolicy>;
  secrets: string[];
}

// Committing costs milliseconds: a kill should cost no more than a moment's work.
const CHECKPOINT: Partial<CheckpointPolicy> = { seconds: 0.25 };

/** Reads the order. Throws ConnectorError (config) for wrong usage and wrong files. */
export async function readJobOrder(file: string, options: SyncOptions): Promise<JobOrder> {
  return options.to === undefined ? fromConnection(file, options) : fromManifest(file, options.to, options);
}

async function fromManifest(manifest: string, to: string, options: SyncOptions): Promise<JobOrder> {
  const { connectionName, parseDestination } = await import('@tidemark/sync');
  const { config: configFile } = options;
  return {
    name: connectionName(manifest),
    manifest,
    config: configFile === undefined ? {} : asConfig(readJsonInput(configFile, 'configuration')),
    configFile: configFile === '-' ? undefined : configFile,
    destination: parseDestination(to),
    streams: chosenStreams(undefined, options.streams),
    checkpoint: CHECKPOINT,
    secrets: [],
  };
}

async function fromConnection(file: string, options: SyncOptions): Promise<JobOrder> {
  if (/^["']?type["']?\s*:\s*["']?DeclarativeSource/m.test(readText(file, 'connection'))) {
    throw new ConnectorError(
      'config',
      `'${file}' is a manifest: say with --to where its rows go, for example --to duckdb:data.duckdb.`,
    );
  }
  if (options.config !== undefined) {
    throw new ConnectorError(
      'config',
      '--config goes with a manifest and --to; a connection file has its configuration inside.',
    );
  }
  const { readConnection } = await import('@tidemark/sync');
  const connection = await readConnection(file);
  return {
    name: connection.name,
    manifest: manifestOf(connection, dirname(resolve(file))),
    config: connection.config,
    destination: connection.destination,
    streams: chosenStreams(connection.streams, options.streams),
    checkpoint: { ...CHECKPOINT, ...connection.checkpoint },
    secrets: connection.secrets,
  };
}

/** A source by its name: a manifest beside the connection file, in a folder of that name, or in an installed package. */
function manifestOf({ source }: ConnectionSettings, folder: string): string {
  if (source.isPath) return source.manifest;
  const { manifest: name } = source;
  const places = [`${name}.yaml`, join(name, 'manifest.yaml'), join('node_modules', name, 'manifest.yaml')];
  const found = places.map((place) => join(folder, place)).find((place) => existsSync(place));
  if (found === undefined) {
    throw new ConnectorError('config', `There is no source '${name}': looked for ${places.join(', ')} in ${folder}.`);
  }
  return found;
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
