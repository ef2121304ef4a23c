import { createHash } from 'node:crypto';
import type { TableShape } from '../log/table-shape.js';
import type { Clients } from './clients.js';
import type { Relation } from './relation.js';

const UNDEFINED_COLUMN = '42703';

/** A column that rows from before it have a value in, which is kept in the catalog until the table is written anew. */
export interface FilledRow {
  table: string;
  column: string;
}

/** Those of these tables and leaves, by their oids. Throws what the driver throws. */
export async function filledColumns(clients: Clients, oids: readonly string[]): Promise<FilledRow[]> {
  const statement = `SELECT attrelid::text AS table, attname AS column FROM pg_catalog.pg_attribute
    WHERE attrelid IN (${oids.join(', ')}) AND attnum > 0 AND NOT attisdropped AND atthasmissing`;
  return clients.query<FilledRow>(statement).catch((error: { code?: string }) => {
    // Servers before 11 write a table anew instead.
    if (error.code === UNDEFINED_COLUMN) return [];
    throw error;
  });
}

/** What all columns of a table are, in few letters: another text after each statement that altered one of them. */
export function digestOf(columns: readonly Pick<ColumnFacts, 'number' | 'version'>[]): string {
  const text = columns.map(({ number, version }) => `${number} ${version}`).join(',');
  return createHash('md5').update(text).digest('hex');
}

/** The digests of tables as the catalog has them at this moment, by oid; without those that are gone. Throws what the driver throws. */
export async function digestsOf(clients: Clients, oids: readonly string[]): Promise<Map<string, string>> {
  if (oids.length === 0) return new Map();
  const rows = await clients.query<{ table: string; digest: string }>(
    `SELECT a.attrelid::text AS table, md5(string_agg(a.attnum || ' ' || a.xmin::text, ',' ORDER BY a.attnum)) AS digest
      FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      WHERE a.attrelid IN (${oids.join(', ')}) AND a.attnum > 0 AND NOT a.attisdropped GROUP BY a.attrelid`,
  );
  return new Map(rows.map(({ table, digest }) => [table, digest]));
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
