import type { TableShape } from '../log/table-shape.js';
import type { Relation } from './relation.js';

/** A column that rows from before it have a value in, which is kept in the catalog until the table is written anew. */
export interface FilledRow {
  table: string;
  column: string;
}

/** Of these tables and leaves, by their oids. Servers before 11 write a table anew instead. */
export function filledStatement(oids: readonly string[]): string {
  return `SELECT a.attrelid::text AS table, a.attname AS column FROM pg_catalog.pg_attribute a
    WHERE a.attrelid IN (${oids.join(', ')}) AND a.attnum > 0 AND NOT a.attisdropped
      AND (pg_catalog.to_jsonb(a)->>'atthasmissing')::boolean`;
}

/** What the catalog says of a column besides its type's own facts. */
interface ColumnFacts {
  name: string;
  /** `attnum`: stays when the column is renamed, and is not used again. */
  number: string;
  /** `xmin` of the catalog's row: the transaction that altered the column last. */
  version: string;
  /** `atttypid`; what else there is to a type changes values only where rows are written anew. */
  declared_type: string;
}

/** @param filled names of columns that rows from before them have values in */
export function shapeOf(
  { oid }: Relation,
  columns: readonly ColumnFacts[],
  leaves: readonly Relation[],
  filled: ReadonlySet<string>,
): TableShape {
  const files = leaves.flatMap((leaf) =>
    leaf.filenode === undefined ? [] : [[leaf.oid, String(leaf.filenode)] as const],
  );
  // An ALTER TABLE writes all leaves anew, VACUUM FULL one: the youngest is dropped last.
  files.sort(([a], [b]) => Number(a) - Number(b));
  return {
    incarnation: oid,
    files: new Map(files),
    columns: columns.map(({ name, number, version, declared_type: type }) => ({
      name,
      type,
      id: number,
      version,
      isFilled: filled.has(name),
    })),
  };
}
