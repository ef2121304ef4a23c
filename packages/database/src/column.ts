import type { Json, JsonObject } from '@tidemark/protocol';

/** What `decode` gives for a value that the server has and a record cannot carry: null, with an entry in `changes`. */
export const LOST: unique symbol = Symbol('lost');

/**
 * From the server's text form of a value to the value of a record. One decoder serves the load and the log, so the same row
 * is the same record by both ways. Integers beyond ±2^53 are bigint, numbers that a double cannot hold are `Decimal`.
 * Never throws: what it cannot read is `LOST`.
 */
export type Decode = (text: string) => Json | typeof LOST;

/** One column of a table, as the catalog and the records have it. */
export interface Column {
  readonly name: string;
  /** The server's own name of the type, for messages and statements: `numeric(10,2)`. */
  readonly type: string;
  readonly nullable: boolean;
  /** The JSON schema of its values, null included. */
  readonly schema: JsonObject;
  readonly decode: Decode;
}

/** The JSON schema of a table's records, its columns in the table's order. */
export function recordSchema(columns: readonly Column[]): JsonObject {
  const properties: JsonObject = {};
  for (const { name, schema } of columns) {
    Object.defineProperty(properties, name, { value: schema, enumerable: true, writable: true, configurable: true });
  }
  return { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object', properties };
}
