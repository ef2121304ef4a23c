import type { Json, JsonObject, LogLevel } from '@tidemark/protocol';
import type { Transformation } from '../components/transformations/slot.js';
import type { HttpClient } from '../http/client.js';
import type { Builder } from './build.js';

/** What the words of one source share, and what flows down from a stream to everything below it. */
export interface BuildContext {
  /** The user's configuration. Its content may be replaced while a source runs (renewed tokens), the object never. */
  readonly config: JsonObject;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly log: (level: LogLevel, message: string) => void;
  /** This text is a secret from now on and is redacted everywhere. */
  readonly addSecret: (value: string) => void;
  readonly redact: (text: string) => string;
  /** The configuration changed and must be kept by whoever runs the source. */
  readonly configChanged: (config: JsonObject) => void;
  readonly http: HttpClient;
  readonly builder: Builder;
  /** The whole resolved manifest, for words that look things up in it (schemas, dynamic streams). */
  readonly manifest: JsonObject;
  /** Fills default types into a component that was made at run time and passes parameters down in it, as for the manifest. */
  readonly propagate: (component: JsonObject, options?: { parentWins?: boolean }) => JsonObject;
  /** Reads a file of the connector's own folder, by a path that stays inside it; undefined when there is none. */
  readonly readFile: (path: string) => string | undefined;
  /** Finds the author's class or function behind `class_name`; absent when custom code is not allowed. */
  readonly customComponent?: (className: string) => unknown;
  /** The stream that is being built. */
  readonly stream?: StreamSetup;
  /** Things that must be one for the whole source (authenticators with tokens, parent reads), by a key of their own. */
  readonly shared: Map<string, unknown>;
  /** What the retriever's decoder is, for words below the retriever that decode themselves. */
  readonly settings: SourceSettings;
}

/**
 * What a stream makes known to everything below it. The last three are filled in by the stream's own `build`, which comes
 * after that of its parts: words read them when they run, never in `build`.
 */
export interface StreamSetup {
  readonly name: string;
  readonly primaryKey: readonly string[][];
  readonly isParent?: boolean;
  /** What the selector does with each record. */
  readonly transformations?: readonly Transformation[];
  /** The schema that records are normalised by; the stream asks its loader once. */
  readonly schema?: () => Promise<JsonObject> | JsonObject;
  /** The filter sees records after the transformations unless the selector says otherwise (client-side incremental streams). */
  readonly transformsBeforeFiltering?: boolean;
}

/** Limits and guards that whoever runs the source may set. */
export interface SourceSettings {
  /** Largest response body that is held in memory, bytes. */
  responseBytesMax: number;
  /** End a unit whose pages repeat (token, body, no new primary key). */
  paginationGuard: boolean;
  /** How many pages without a new primary key end a unit. */
  pagesWithoutNewKeyMax: number;
  /** The most a single wait for a rate limit may take, seconds. */
  waitSecondsMax: number;
  [name: string]: Json | undefined;
}
