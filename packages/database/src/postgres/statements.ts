import { ConnectorError } from '@tidemark/source';
import type { Relation } from './relation.js';
import { literal, name, qualified } from './sql.js';

/** A row's address: block, and number within it (0: before the block's first row). */
export type Ctid = [block: number, tuple: number];

/** A stretch of row addresses: after one, up to and with another. */
export interface Blocks {
  relation: Relation;
  columns: readonly string[];
  after: Ctid;
  upTo: Ctid;
  /** The server reads ranges of addresses directly (14 and later); otherwise they are listed. */
  tidRanges: boolean;
  /** One more condition for the rows. */
  filter?: string;
}

/** The rows of some blocks, in no certain order, and then the file that they were read from. */
export function copyBlocks(blocks: Blocks): string {
  const { relation, columns } = blocks;
  const select = `SELECT ${columns.map(name).join(', ')} FROM ONLY ${qualified(relation.schema, relation.name)}`;
  return `COPY (${select} WHERE ${within(blocks)}${and(blocks)}) TO STDOUT; ${fileOf(relation)}`;
}

/** The next rows in the order of their addresses, which come as a last field. */
export function copyTuples(blocks: Blocks & { limit: number }): string {
  const { relation, columns, limit } = blocks;
  const select = `SELECT ${[...columns.map(name), 'ctid'].join(', ')} FROM ONLY ${qualified(relation.schema, relation.name)}`;
  return `COPY (${select} WHERE ${within(blocks)}${and(blocks)} ORDER BY ctid LIMIT ${limit}) TO STDOUT; ${fileOf(relation)}`;
}

/** A whole relation, its children and partitions with it. */
export function copyWhole(relation: Relation, columns: readonly string[]): string {
  return `COPY (SELECT ${columns.map(name).join(', ')} FROM ${qualified(relation.schema, relation.name)}) TO STDOUT`;
}

/** Gives one value: null when the relation is gone. In a transaction with a COPY before it, it is the file that was read. */
export function fileOf(relation: Pick<Relation, 'oid'>): string {
  return `SELECT pg_catalog.pg_relation_filenode(${relation.oid})`;
}

/** How many blocks a relation has, and its bytes with those of values that are kept out of line. */
export function sizeOf(relation: Relation): string {
  const { oid, blockBytes } = relation;
  return `SELECT (pg_catalog.pg_relation_size(${oid}) / ${blockBytes})::text AS blocks, pg_catalog.pg_table_size(${oid})::text AS bytes`;
}

function and({ filter }: Blocks): string {
  return filter === undefined ? '' : ` AND (${filter})`;
}

function within({ relation, after, upTo, tidRanges }: Blocks): string {
  const range = `ctid > ${tid(after)} AND ctid <= ${tid(upTo)}`;
  if (tidRanges) return range;
  // The smallest row takes a header of 24 bytes (23, aligned) and a pointer of 4.
  const tuples = Math.floor((relation.blockBytes - 24) / 28);
  const last = upTo[1] > 0 ? upTo[0] : upTo[0] - 1;
  const addresses = `SELECT ('(' || b || ',' || t || ')')::tid FROM generate_series(${after[0]}, ${last}) b, generate_series(1, ${tuples}) t`;
  return `ctid = ANY (ARRAY(${addresses})) AND ${range}`;
}

function tid([block, tuple]: Ctid): string {
  return `'(${block},${tuple})'::tid`;
}

/** `(12,3)`. Throws ConnectorError (system) for anything else. */
export function parseCtid(text: string): Ctid {
  const match = /^\((\d+),(\d+)\)$/.exec(text);
  if (!match) throw new ConnectorError('system', `'${text.slice(0, 40)}' is no address of a row.`);
  return [Number(match[1]), Number(match[2])];
}

/** What rows are read by the order of a key. */
export interface KeyOrderSelect {
  relation: Relation;
  columns: readonly string[];
  /** Fields after the columns, for the position. */
  positions: readonly string[];
  where: readonly string[];
  order: string;
  limit: number;
  /** Tells afterwards which file was read. */
  withFile?: boolean;
}

/** The next rows in the order of a key. */
export function copyOrdered(select: KeyOrderSelect): string {
  const { relation, columns, positions, where, order, limit, withFile } = select;
  const fields = [...columns.map(name), ...positions];
  const conditions = where.length > 0 ? ` WHERE ${where.map((each) => `(${each})`).join(' AND ')}` : '';
  return `COPY (SELECT ${fields.join(', ')} FROM ${from(relation)}${conditions} ORDER BY ${order} LIMIT ${limit}) TO STDOUT${withFile ? `; ${fileOf(relation)}` : ''}`;
}

/** The texts of the first key in an order, `k0` and so on, or no row. */
export function keyAtEnd(relation: Relation, columns: readonly string[], order: string): string {
  const fields = columns.map((column, i) => `${name(column)}::text AS k${i}`);
  return `SELECT ${fields.join(', ')} FROM ${from(relation)} ORDER BY ${order} LIMIT 1`;
}

/** The text of a column in the first row, or the last, of those with all conditions: `k`. */
export function firstOf(relation: Relation, column: string, where: readonly string[], isLast: boolean): string {
  const conditions = where.length > 0 ? ` WHERE ${where.join(' AND ')}` : '';
  return `SELECT ${name(column)}::text AS k FROM ${from(relation)}${conditions} ORDER BY ${name(column)}${isLast ? ' DESC' : ''} LIMIT 1`;
}

/** What the planner thinks of how many rows have all conditions, as JSON; nothing is read. */
export function estimateOf(relation: Relation, where: readonly string[]): string {
  return `EXPLAIN (FORMAT JSON) SELECT 1 FROM ${from(relation)} WHERE ${where.join(' AND ')}`;
}

/**
 * What the statistics know of a column: its quantiles in order (`bound`), one row of null where they have none, no row where they
 * do not know the column, or the user may not see them.
 */
export function histogramOf({ schema, name: relation, kind, isAlone }: Relation, column: string): string {
  const own = isAlone && kind === 'r' ? ' AND NOT inherited' : '';
  return `SELECT u.bound FROM (SELECT histogram_bounds::text::text[] AS bounds FROM pg_catalog.pg_stats
      WHERE schemaname = ${literal(schema)} AND tablename = ${literal(relation)} AND attname = ${literal(column)}${own}
      ORDER BY inherited DESC LIMIT 1) s
    LEFT JOIN LATERAL unnest(s.bounds) WITH ORDINALITY AS u(bound, place) ON true ORDER BY u.place`;
}

function from({ isAlone, kind, schema, name: relation }: Relation): string {
  return isAlone && kind === 'r' ? `ONLY ${qualified(schema, relation)}` : qualified(schema, relation);
}

/** The statement that gives a right. */
export function grantSelect(relation: Pick<Relation, 'schema' | 'name'>, user: string): string {
  return `GRANT SELECT ON ${qualified(relation.schema, relation.name)} TO ${name(user)};`;
}

/** True for a user who sees since when the transactions of others have been open, and what they wait for. */
export const maySeeSessions = `pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')`;

/** The statement that gives this right. */
export function grantStatistics(user: string): string {
  return `GRANT pg_read_all_stats TO ${name(user)};`;
}

/** Names as a list of SQL texts. */
export function texts(list: readonly string[]): string {
  return list.map(literal).join(', ');
}

/** Ages are told apart up to here: of transactions further away the server cannot say which came first. */
const AGE_MAX = 2n ** 31n;
/** Ids below are not given to transactions. */
const FIRST_XID = 3n;

/**
 * Rows of the transaction `before` (64 bits) and of those that began after it; undefined where ages say nothing: half of all
 * ids have gone by since then, or it is of another server. Both ages are taken in one statement: they grow with every id that
 * is given out, also between two pages. Where half of all ids go by while pages are read, every row counts.
 * Ages of rows that wrapped around long ago are negative.
 */
export function youngerThan(before: bigint, next: bigint): string | undefined {
  const age = next - before;
  if (age < 0n || age >= AGE_MAX) return undefined;
  const id = BigInt.asUintN(32, before);
  const limit = `pg_catalog.age('${id < FIRST_XID ? FIRST_XID : id}'::xid)`;
  return `(${limit} < 0 OR pg_catalog.age(xmin) BETWEEN 0 AND ${limit})`;
}
