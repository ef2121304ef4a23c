import { Decimal, type Json, type JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { FollowKind } from './dialect.js';

/** The names of the dialects, as a manifest and a state write them. */
export const DIALECTS = ['postgres', 'mysql', 'mariadb', 'sqlserver', 'mongodb'] as const;
export type DialectName = (typeof DIALECTS)[number];

/** What positions mean something under. A state of another identity is never gone on from. */
export type Identity =
  /** Physical row addresses of one file of PostgreSQL. */
  | { kind: 'ctid'; filenode: number }
  /**
   * Values of a key, in its own collation. `incarnations`: what the server called the table, or its partitions, where it tells
   * one that was emptied or made anew from the one before.
   */
  | { kind: 'key'; columns: string[]; types: string[]; collation: string | null; incarnations?: string[] }
  | { kind: 'mongo_id' }
  /** No order to go on in: read whole or not at all. */
  | { kind: 'whole' };

/** `lo` < rows <= `hi`; null is the very beginning or end. `pos`: rows up to it are read; null: not begun. */
export interface Range {
  lo: Json;
  hi: Json;
  pos: Json;
  /** Rows handed over so far. */
  rows: number;
  done: boolean;
}

/** One physical piece of a table: the table itself, or a leaf of a partitioned one. */
export interface Part {
  id: string;
  /** Rises when the part is planned anew: rows of an older epoch are taken back. */
  epoch: number;
  identity: Identity;
  /** In order, without gaps. Neighbours that are done are one range. */
  ranges: Range[];
  /** Units of older epochs whose rows are still to be taken back. */
  revoked: string[];
}

/** What follows the load: `mark` is the dialect's own. */
export interface Then {
  kind: FollowKind;
  mark: Json;
}

interface Facts {
  v: 1;
  dialect: DialectName;
  /** `namespace.name`: a state of another table is refused. */
  table: string;
  /** The platform's count of full refreshes; null when it named none. */
  generation: number | null;
}

/** The state of one stream. Nothing is inferred from a field that is missing: each phase says what it is. */
export type DatabaseState =
  | (Facts & { phase: 'not_started' })
  | (Facts & { phase: 'loading'; parts: Part[]; then: Then | null })
  /** A full refresh that was read to its end. */
  | (Facts & { phase: 'done'; rows: number })
  | (Facts & { phase: 'streaming'; then: Then });

/** A problem of a state's shape. */
class Malformed extends Error {}

/**
 * Reads a state that this package wrote. Throws ConnectorError (config) when it is of another dialect or table, or has
 * another shape than it says: a state is input.
 */
export function parseDatabaseState(state: JsonObject, dialect: DialectName, table: string): DatabaseState {
  try {
    const parsed = readState(state);
    const refuse = (what: string, met: string, wanted: string): ConnectorError =>
      new ConnectorError(
        'config',
        `The state of stream '${table}' is of the ${what} '${met}', not of '${wanted}'. Give the state that belongs to it, or none to read it anew.`,
      );
    if (parsed.dialect !== dialect) throw refuse('database kind', parsed.dialect, dialect);
    if (parsed.table !== table) throw refuse('table', parsed.table, table);
    return parsed;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new ConnectorError(
      'config',
      `The state of stream '${table}' cannot be read: ${error.message}. Give the state as it was written, or none to read the table anew.`,
    );
  }
}

/** True when a state has this package's shape at all (and is not one of another program's). */
export function isDatabaseState(state: JsonObject): boolean {
  return state.v !== undefined && state.phase !== undefined;
}

function readState(state: JsonObject): DatabaseState {
  if (state.v !== 1) throw new Malformed(`version ${String(state.v)} is not known (known: 1)`);
  const facts: Facts = {
    v: 1,
    dialect: oneOf(state.dialect, 'dialect', DIALECTS),
    table: text(state.table, 'table'),
    generation: state.generation === null ? null : count(state.generation, 'generation'),
  };
  const phase = oneOf(state.phase, 'phase', ['not_started', 'loading', 'done', 'streaming'] as const);
  switch (phase) {
    case 'not_started':
      return { ...facts, phase };
    case 'done':
      return { ...facts, phase, rows: count(state.rows, 'rows') };
    case 'streaming':
      return { ...facts, phase, then: readThen(state.then) };
    case 'loading': {
      const then = state.then === null ? null : readThen(state.then);
      return { ...facts, phase, parts: list(state.parts, 'parts').map(readPart), then };
    }
  }
}

function readThen(value: Json | undefined): Then {
  const then = object(value, 'then');
  if (then.mark === undefined) throw new Malformed(`'then.mark' is missing`);
  return { kind: oneOf(then.kind, 'then.kind', ['cursor', 'xmin', 'log'] as const), mark: then.mark };
}

function readPart(value: Json, index: number): Part {
  const at = `parts[${index}]`;
  const part = object(value, at);
  return {
    id: text(part.id, `${at}.id`),
    epoch: count(part.epoch, `${at}.epoch`),
    identity: readIdentity(part.identity, `${at}.identity`),
    ranges: list(part.ranges, `${at}.ranges`).map((range, i) => readRange(range, `${at}.ranges[${i}]`)),
    revoked: list(part.revoked, `${at}.revoked`).map((unit, i) => text(unit, `${at}.revoked[${i}]`)),
  };
}

function readIdentity(value: Json | undefined, at: string): Identity {
  const identity = object(value, at);
  const kind = oneOf(identity.kind, `${at}.kind`, ['ctid', 'key', 'mongo_id', 'whole'] as const);
  if (kind === 'ctid') return { kind, filenode: count(identity.filenode, `${at}.filenode`) };
  if (kind !== 'key') return { kind };
  const texts = (field: string) => list(identity[field], `${at}.${field}`).map((each) => text(each, `${at}.${field}`));
  const collation = identity.collation === null ? null : text(identity.collation, `${at}.collation`);
  const known = identity.incarnations === undefined ? {} : { incarnations: texts('incarnations') };
  return { kind, columns: texts('columns'), types: texts('types'), collation, ...known };
}

function readRange(value: Json, at: string): Range {
  const { lo, hi, pos, rows, done } = object(value, at);
  if (lo === undefined || hi === undefined || pos === undefined)
    throw new Malformed(`'${at}' needs 'lo', 'hi' and 'pos'`);
  if (typeof done !== 'boolean') throw new Malformed(`'${at}.done' must be true or false`);
  return { lo, hi, pos, rows: count(rows, `${at}.rows`), done };
}

function object(value: Json | undefined, at: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !Decimal.is(value))
    return value as JsonObject;
  throw new Malformed(`'${at}' must be an object`);
}

function list(value: Json | undefined, at: string): Json[] {
  if (Array.isArray(value)) return value;
  throw new Malformed(`'${at}' must be a list`);
}

function text(value: Json | undefined, at: string): string {
  if (typeof value === 'string') return value;
  throw new Malformed(`'${at}' must be a text`);
}

function count(value: Json | undefined, at: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Malformed(`'${at}' must be a whole number, 0 or more`);
}

function oneOf<T extends string>(value: Json | undefined, at: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw new Malformed(`'${at}' must be one of ${allowed.join(', ')}`);
}
