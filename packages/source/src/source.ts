import type { Catalog, ConnectorSpecification, JsonObject, LogLevel, StreamDescriptor } from '@tidemark/protocol';
import type { ReadResult, ReadSettings } from './read.js';
import type { Stream } from './stream.js';

/** What a source is given from outside, so that it needs no globals. */
export interface RunContext {
  /** Milliseconds since the epoch; a test sets it. */
  readonly clock: () => number;
  readonly log: (level: LogLevel, message: string) => void;
  /** Makes this text unreadable in every message from now on (tokens obtained at run time). */
  readonly addSecret: (value: string) => void;
  /** Removes every known secret from a text. */
  readonly redact: (text: string) => string;
  /** The configuration changed (a single-use refresh token was renewed) and must be kept by whoever runs the source. */
  readonly configChanged: (config: JsonObject) => void;
  readonly signal: AbortSignal;
  /**
   * To be called now and then during work that is long and silent: a job of the API that is being waited for, a download, a
   * wait for a rate limit, a long query. A source that gives no sign of life (a page, a log line, this) for the time that its
   * runner allows is taken for dead.
   */
  readonly alive?: () => void;
}

/** The answer of `check`. `message` is for the user and holds no secret. */
export interface CheckResult {
  succeeded: boolean;
  message?: string;
}

/** A source with its configuration. */
export interface Connection {
  readonly streams: readonly Stream[];
  /**
   * What stands for a stream that a catalog names and this source does not have: it fails by itself when it is opened, with what
   * mends it. Absent: such a catalog is refused.
   */
  absent?(stream: StreamDescriptor): Stream;
  /** How many units are read at the same time, over all streams. */
  readonly concurrency: number;
  /** Names of streams that must not be read at the same time (StreamGroup). */
  readonly exclusiveGroups?: readonly (readonly string[])[];
  check(): Promise<CheckResult>;
  /**
   * Streams that one log feeds and one state covers, by `streamKey`: their pages go to `Sink.pagesTogether`. Empty or absent:
   * each stream has a state of its own.
   */
  readonly together?: ReadonlySet<string>;
  /** Set where the source reads by itself (a program that speaks the protocol): `read` calls it instead of its own loop. */
  readAll?(settings: ReadSettings): Promise<ReadResult>;
  /** Frees sockets and files. */
  close(): Promise<void>;
}

/** How a source is connected. */
export interface ConnectOptions {
  /** Only `check` will be called: streams that must be asked for at the API are left out of `streams`. */
  forCheck?: boolean;
}

/** What can be read: a manifest, a database, a program that speaks the protocol. */
export interface Source {
  spec(): Promise<ConnectorSpecification>;
  /** Throws ConnectorError of kind config when the configuration does not fit the spec. */
  connect(config: JsonObject, context: RunContext, options?: ConnectOptions): Promise<Connection>;
}

/** The catalog of a connection: every stream's description, in the source's order. */
export async function discover(connection: Connection): Promise<Catalog> {
  const streams = [];
  for (const stream of connection.streams) streams.push(await stream.describe());
  return { streams };
}
