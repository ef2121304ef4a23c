import { createHash } from 'node:crypto';
import type { JsonObject } from '@tidemark/protocol';
import { type Kind, kindOf, NARROWEST } from './kind.js';

/** A column of a stream's table and the record field that it holds. */
export interface Column {
  readonly field: string;
  readonly name: string;
  kind: Kind;
  /** What the column is in DuckDB: the narrowest type of the kind, or a wider one that some value needed. */
  type: string;
  /** By the schema. A column that is not was made for a field that only records have. */
  declared: boolean;
}

/** Tidemark's own columns; they stand first in every table. */
export const OWN_COLUMNS = [
  ['_airbyte_raw_id', 'UUID'],
  ['_airbyte_extracted_at', 'TIMESTAMP WITH TIME ZONE'],
  ['_airbyte_meta', 'JSON'],
  ['_airbyte_generation_id', 'BIGINT'],
] as const;

/** More columns than this are not made for undeclared fields: what is left goes to one JSON column. */
export const COLUMNS_MAX = 1_000;
/** Holds, as one object, the fields for which no column is made any more. */
export const REST_FIELD = '_airbyte_undeclared';

/** An SQL identifier. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** An SQL text literal. */
export function literal(text: string): string {
  // A statement cannot hold the character 0.
  const parts = text.split('\u0000').map((part) => `'${part.replaceAll("'", "''")}'`);
  return parts.length === 1 ? parts[0]! : `(${parts.join(' || chr(0) || ')})`;
}

/**
 * A name that needs no quoting in most tools: letters, digits and underscores, not beginning with a digit. DuckDB does
 * not tell upper from lower case, so a name that only differs in case from a `taken` one gets a suffix; the suffix
 * comes from the original name, so that it does not depend on what else there is.
 */
export function safeName(original: string, taken: ReadonlySet<string>): string {
  let name = original.normalize('NFC').replace(/[^\p{L}\p{N}_]/gu, '_');
  if (name === '' || /^\p{N}/u.test(name)) name = `_${name}`;
  if (name.length > 200) name = `${name.slice(0, 190)}_${digest(original)}`;
  if (!taken.has(name.toLowerCase())) return name;
  const suffixed = `${name}_${digest(original)}`;
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? suffixed : `${suffixed}_${n}`;
    if (!taken.has(candidate.toLowerCase())) return candidate;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 6);
}

/** The columns of one table, by field. */
export class Columns {
  readonly list: Column[] = [];
  private readonly byField = new Map<string, Column>();
  private readonly taken = new Set<string>(OWN_COLUMNS.map(([name]) => name));

  constructor(columns: readonly Column[] = []) {
    for (const column of columns) this.put({ ...column });
  }

  get(field: string): Column | undefined {
    return this.byField.get(field);
  }

  has(field: string): boolean {
    return this.byField.has(field);
  }

  /** A column for a field that has none. */
  add(field: string, kind: Kind, declared: boolean): Column {
    const column = { field, name: safeName(field, this.taken), kind, type: NARROWEST[kind], declared };
    this.put(column);
    return column;
  }

  /** A name that something else in the table has. */
  reserve(name: string): void {
    this.taken.add(name.toLowerCase());
  }

  private put(column: Column): void {
    this.list.push(column);
    this.byField.set(column.field, column);
    this.taken.add(column.name.toLowerCase());
  }
}

/** The fields that a schema declares, with their kinds. */
export function declaredFields(schema: JsonObject): [string, Kind][] {
  const properties = schema.properties;
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) return [];
  return Object.entries(properties as JsonObject).map(([field, property]) => [field, kindOf(property)]);
}
