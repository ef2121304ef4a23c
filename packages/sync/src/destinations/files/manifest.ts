import { createHash } from 'node:crypto';
import { type JsonObject, parseJson, streamKey } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { Job, JobOutcome, StoredAttempt, StoredJob, StoredStream } from '../../destination.js';
import type { Column } from '../sql/column.js';

/** Raised when the manifest changes in a way that older programs would misread. */
export const MANIFEST_FORMAT = 1;
/** How many attempts are remembered. */
export const ATTEMPTS_MAX = 100;

/** A file with rows of one stream. */
export interface Part {
  /** From the root of the place. */
  path: string;
  rows: number;
  /** Of the file. */
  bytes: number;
  /** About what its rows take in memory. */
  raw: number;
  /** The lowest and the highest `_airbyte_generation_id` in it. */
  generations: [number, number];
  /** The first and the last job (`sync_id`) that wrote rows of it. */
  jobs: [number, number];
  /** Bytes of its longest line, where that is unusual. */
  longest?: number;
  /** How many rows of which unit; absent where that is not known any more, or there are too many. */
  units?: Record<string, number>;
}

/** Parts and the columns that all of them have been brought to. */
export interface PartSet {
  parts: Part[];
  columns: Column[];
}

/** A stream in the manifest. `parts` are its rows: what a reader reads. */
export interface StreamEntry extends PartSet {
  name: string;
  namespace?: string;
  /** Where its parts are, from the root of the place. */
  folder: string;
  /** It has been there for readers: begun as an append, or completed. */
  published: boolean;
  /** Rows of an overwrite or truncating refresh that is not complete. */
  next?: PartSet;
  /** Rows of a deduplicated stream that are merged into `parts` when it is complete. Their columns are those of `parts`. */
  delta?: { parts: Part[]; primaryKey: string[][]; cursorField: string[] };
  job: string;
  generation: number;
  minimumGeneration: number;
  status: 'open' | 'complete';
  syncMode: StoredStream['syncMode'];
  destinationSyncMode: StoredStream['destinationSyncMode'];
  /** Of the plan that was begun last. */
  primaryKey?: string[][];
  /** JSON as text, so that whoever reads the manifest for its parts need not make anything of it. */
  state?: string;
  rows: number;
  openSince: number;
  pending?: 'merge' | 'truncate';
  updatedAt?: number;
  /** Millisecond of the last `_airbyte_raw_id` that was committed. */
  rawIdMark: number;
}

/** The one file that says what counts: which parts, which states. Replacing it is the commit. */
export interface Manifest {
  format: number;
  connection: string;
  /** Fencing token of the runner that wrote it. */
  token: number;
  /** Rises by one with each commit. */
  version: number;
  streams: StreamEntry[];
  shared?: string;
  job?: Job;
  outcome?: JobOutcome | 'running';
  lastAttemptProgressed?: boolean;
  givenUp?: boolean;
  attempts: StoredAttempt[];
}

export function emptyManifest(connection: string): Manifest {
  return { format: MANIFEST_FORMAT, connection, token: 0, version: 0, streams: [], attempts: [] };
}

/** Reads a manifest. Throws ConnectorError when it is damaged, or newer than this program. */
export function readManifest(text: string, where: string): Manifest {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(text) as Manifest;
    if (typeof manifest !== 'object' || manifest === null || !Array.isArray(manifest.streams))
      throw new Error('no streams');
  } catch (error) {
    throw new ConnectorError(
      'system',
      `The manifest ${where} is damaged: it was cut short or changed by hand. It was left as it is. Restore it from a copy; without one, move it and the stream folders away and sync anew.`,
      { detail: (error as Error).message },
    );
  }
  if (manifest.format > MANIFEST_FORMAT)
    throw new ConnectorError(
      'config',
      `The manifest ${where} was written by a newer Tidemark (format ${manifest.format}, this one knows ${MANIFEST_FORMAT}). Update Tidemark.`,
    );
  return manifest;
}

export function entryKey(entry: Pick<StreamEntry, 'name' | 'namespace'>): string {
  return streamKey({ name: entry.name, namespace: entry.namespace });
}

/** The manifest with some entries changed. */
export function withEntries(manifest: Manifest, change: (entry: StreamEntry) => StreamEntry): Manifest {
  return { ...manifest, streams: manifest.streams.map(change) };
}

/** Every part that a stream has, wherever. */
export function allParts(entry: StreamEntry): Part[] {
  return [...entry.parts, ...(entry.next?.parts ?? []), ...(entry.delta?.parts ?? [])];
}

/** What `Session.load` gives. */
export function storedJob(manifest: Manifest): StoredJob | undefined {
  if (!manifest.job) return undefined;
  return {
    job: manifest.job,
    outcome: manifest.outcome ?? 'running',
    lastAttemptProgressed: manifest.lastAttemptProgressed,
    givenUp: manifest.givenUp,
    streams: manifest.streams.map(storedStream),
    shared: manifest.shared === undefined ? undefined : (parseJson(manifest.shared) as JsonObject),
  };
}

function storedStream(entry: StreamEntry): StoredStream {
  const { job, generation, minimumGeneration, status, syncMode, destinationSyncMode, rows, openSince } = entry;
  return {
    stream: { name: entry.name, namespace: entry.namespace },
    job,
    generation,
    minimumGeneration,
    status,
    syncMode,
    destinationSyncMode,
    primaryKey: entry.primaryKey,
    state: entry.state === undefined ? undefined : (parseJson(entry.state) as JsonObject),
    rows,
    openSince,
    pending: entry.pending,
    updatedAt: entry.updatedAt,
  };
}

/** The folder of a connection's books: its name, with something added where a path could not hold that as it is. */
export function booksFolder(connection: string): string {
  const plain = connection.replace(/[^A-Za-z0-9_-]/g, '_');
  const suffix = createHash('sha256').update(connection).digest('hex').slice(0, 8);
  // Some file systems do not tell upper from lower case.
  return /^[a-z0-9_-]{1,100}$/.test(connection) && connection !== 'work'
    ? `_tidemark/${connection}`
    : `_tidemark/${plain.slice(0, 80)}-${suffix}`;
}
