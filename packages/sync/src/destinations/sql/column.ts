import type { JsonObject } from '@tidemark/protocol';
import { type NameLimit, safeName } from './naming.js';
import { type Kind, kindOf } from './value-kind.js';

/** A column of a stream's table and the record field that it holds. */
export interface Column {
  readonly field: string;
  name: string;
  kind: Kind;
  /** What the column is in the database: the narrowest type of the kind, or a wider one that some value needed. */
  type: string;
  /** By the schema. A column that is not was made for a field that only records have. */
  declared: boolean;
}

/** What a database allows and how it calls its types. */
export interface ColumnRules {
  /** The narrowest type of a kind; a column widens from there when a value needs it. */
  narrowest: Readonly<Record<Kind, string>>;
  names: NameLimit;
  /** Names in lower case that no column may have: those of the system. */
  reserved?: readonly string[];
  /** More columns are not made: what is left goes to one JSON column, `REST_FIELD`. */
  columnsMax: number;
}

/** Tidemark's own columns; they stand first in every table. */
export const OWN_NAMES = [
  '_airbyte_raw_id',
  '_airbyte_extracted_at',
  '_airbyte_meta',
  '_airbyte_generation_id',
] as const;

/** Holds, as one object, the fields for which no column is made any more. */
export const REST_FIELD = '_airbyte_undeclared';

/** The columns of one table, by field. */
export class Columns {
  readonly list: Column[] = [];
  private readonly byField = new Map<string, Column>();
  private readonly taken: Set<string>;

  constructor(
    readonly rules: ColumnRules,
    columns: readonly Column[] = [],
  ) {
    this.taken = new Set([...OWN_NAMES, ...(rules.reserved ?? [])]);
    for (const column of columns) this.put({ ...column });
  }

  get(field: string): Column | undefined {
    return this.byField.get(field);
  }

  has(field: string): boolean {
    return this.byField.has(field);
  }

  /** How many more columns may be made. */
  get room(): number {
    return Math.max(0, this.rules.columnsMax - this.list.length);
  }

  /** A column for a field that has none. */
  add(field: string, kind: Kind, declared: boolean): Column {
    const { narrowest, names } = this.rules;
    const column = { field, name: safeName(field, this.taken, names), kind, type: narrowest[kind], declared };
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

/**
 * The columns of a table that is made anew beside an old one: the schema's first, then those that the schema no longer
 * has. Names stay, and so do types that had to be widened once. Where the schema has more fields than there may be columns,
 * the last ones go to the JSON column.
 */
export function successorColumns(schema: JsonObject, old: Columns): Columns {
  const { rules } = old;
  const columns = new Columns(rules);
  const fields = declaredFields(schema).slice(0, rules.columnsMax);
  const reused = new Set(fields.map(([field]) => old.get(field)?.name));
  for (const column of old.list) columns.reserve(column.name);
  const list = fields.map(([field, kind]): Column => {
    const before = old.get(field);
    const type = before && before.kind === kind ? before.type : rules.narrowest[kind];
    const name = before?.name ?? columns.add(field, kind, true).name;
    return { field, name, kind, type, declared: true };
  });
  const gone = old.list.filter(({ name }) => !reused.has(name)).map((column) => ({ ...column, declared: false }));
  return new Columns(rules, [...list, ...gone]);
}
