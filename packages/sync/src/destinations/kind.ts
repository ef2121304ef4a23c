import type { JsonObject } from '@tidemark/protocol';
import type { BookStore } from '../books.js';
import type { Destination } from '../destination.js';

/**
 * One kind of destination, as a configuration names it: `postgres: { … }` in connection.yaml, `postgres://…` in short.
 * A kind is one object; `kinds.ts` lists them. Nothing heavy is imported before `open`.
 */
export interface DestinationKind<Settings> {
  /** Its key in connection.yaml. */
  readonly key: string;
  /** Schemes of the short form: `postgres` and `postgresql` for `postgres://…`. */
  readonly schemes: readonly string[];
  /** The short form for messages and help: `duckdb:FILE`. */
  readonly example: string;
  /** JSON Schema (draft-07) of `Settings`, with descriptions. Secrets carry `writeOnly: true`. */
  readonly schema: JsonObject;
  /**
   * JSON Schemas of fields that stand beside the key in connection.yaml, as `config` beside `command`. Where there are any,
   * `Settings` is the object with the key and those fields, and `schema` is that of the key's value.
   */
  readonly beside?: Readonly<Record<string, JsonObject>>;
  /**
   * `given`: it has no place of its own for jobs and states and keeps them in the store that `open` is given: what `state` of
   * connection.yaml says, else a file beside it.
   */
  readonly books?: 'given';
  /** Reads the short form, scheme included. Throws ConnectorError (config). */
  parse(text: string): Settings;
  /** Makes paths in it absolute, from the folder of connection.yaml. */
  resolve?(settings: Settings, folder: string): Settings;
  /** The destination; nothing is connected yet. `books`: only, and then always, for kinds whose books are given. */
  open(settings: Settings, books?: BookStore): Promise<Destination>;
}
