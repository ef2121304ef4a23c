import { createHash } from 'node:crypto';
import { canonical, type Json, type JsonObject } from '@tidemark/protocol';
import type { RecordData } from '../stream.js';

/** So many rows are remembered for a stream, over all its partitions: 64 bits each. */
export const BOUNDARY_ROWS_MAX = 20_000;

/** The rows at one cursor value. */
export interface BoundaryRows {
  /** As states have it. */
  readonly value: Json;
  /** How often each row was seen, by its hash; undefined when there are too many to remember. */
  readonly rows: ReadonlyMap<string, number> | undefined;
}

/** Orders cursor values as they stand in states: negative, zero or positive. */
export type CompareValues = (a: Json, b: Json) => number;

/** 64 bits of a record as it goes out; the same record of another partition is another row. */
export function hashOf(partition: string, record: RecordData): string {
  return createHash('sha256').update(partition).update('\n').update(canonical(record)).digest('base64url').slice(0, 11);
}

/** How many rows are remembered. */
export function sizeOf({ rows }: BoundaryRows): number {
  let size = 0;
  for (const count of rows?.values() ?? []) size += count;
  return size;
}

/**
 * The rows at the higher of two values. At equal values `counts` says what becomes of a row that both have: of two pages of a
 * unit it was seen as often as in both (`sum`), of two slices, which may share a bound, as often as in one of them (`most`).
 */
export function higher(
  a: BoundaryRows | undefined,
  b: BoundaryRows | undefined,
  compare: CompareValues,
  counts: 'sum' | 'most',
): BoundaryRows | undefined {
  if (!a || !b) return a ?? b;
  const order = compare(a.value, b.value);
  if (order !== 0) return order > 0 ? a : b;
  if (!a.rows || !b.rows) return { value: a.value, rows: undefined };
  const rows = new Map(a.rows);
  for (const [hash, count] of b.rows) {
    const known = rows.get(hash) ?? 0;
    rows.set(hash, counts === 'sum' ? known + count : Math.max(known, count));
  }
  const joined = { value: a.value, rows };
  return sizeOf(joined) > BOUNDARY_ROWS_MAX ? { value: a.value, rows: undefined } : joined;
}

/** For a state; `rows` is null where they were too many. */
export function writeRows({ value, rows }: BoundaryRows): JsonObject {
  return { value, rows: rows ? hashesOf(rows) : null };
}

/** Each hash as often as the row was seen. */
export function hashesOf(rows: ReadonlyMap<string, number>): string[] {
  return [...rows].flatMap(([hash, count]) => Array<string>(count).fill(hash));
}

/** Reads what `writeRows` wrote; undefined for anything else: a state is input. */
export function readRows(raw: Json | undefined): BoundaryRows | undefined {
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) return undefined;
  const { value, rows } = raw as JsonObject;
  if (value === undefined || value === null) return undefined;
  if (rows === null) return { value, rows: undefined };
  return Array.isArray(rows) ? { value, rows: countsOf(rows) } : undefined;
}

/** How often each text of a list is in it. */
export function countsOf(hashes: Json | undefined): Map<string, number> {
  const counts = new Map<string, number>();
  for (const hash of Array.isArray(hashes) ? hashes : [])
    if (typeof hash === 'string') counts.set(hash, (counts.get(hash) ?? 0) + 1);
  return counts;
}
