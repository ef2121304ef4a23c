import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { Follow, Table } from '../dialect.js';
import type { DatabaseState, DialectName, Part, Range, Then } from '../state.js';
import { tableId } from '../table-id.js';
import { isMongoState, mongoProgress } from './mongo-state.js';

/** What a foreign state is read for. */
export interface ForeignState {
  dialect: DialectName;
  table: Table;
  generation: number | null;
  follow: Follow | undefined;
}

type StateFacts = Pick<DatabaseState, 'v' | 'dialect' | 'table' | 'generation'>;

/**
 * A state of Airbyte's own database sources (versions 2 and 3) as one of ours. Throws ConnectorError (config) for a state
 * that nothing can be gone on from without losing rows. What a missing field would have to say is not inferred: then the table
 * is read anew.
 */
export function stateFromAirbyte(state: JsonObject, target: ForeignState): DatabaseState {
  const { dialect, table, generation, follow } = target;
  const id = tableId(table);
  const facts: StateFacts = { v: 1, dialect, table: id, generation };
  const loaded = loadParts(state, target, id);
  if (loaded === 'done' || loaded === 'fresh') return { ...facts, phase: 'not_started' };
  const inner = state.incremental_state;
  if (loaded !== undefined) {
    const source = isFilled(inner) ? inner : state.state_type === 'ctid_based' ? state : {};
    const then = follow === undefined ? null : thenOf(source, follow, id);
    // Without the mark from before the load, what has changed during it could not be found.
    if (follow && then === null) throw unreadable(id, 'it has no cursor field with a value');
    return { ...facts, phase: 'loading', parts: loaded, then };
  }
  if (!follow) return { ...facts, phase: 'not_started' };
  const then = thenOf(state, follow, id);
  return then === null ? { ...facts, phase: 'not_started' } : { ...facts, phase: 'streaming', then };
}

/**
 * The same for a table that is followed by the log: whether its load is done, or how far it is. Undefined where nothing is read of
 * it yet, or a missing field would have to say so. Throws ConnectorError (config).
 */
export function loadFromAirbyte(
  state: JsonObject,
  target: Pick<ForeignState, 'dialect' | 'table'>,
): JsonObject | undefined {
  const { dialect, table } = target;
  const id = tableId(table);
  if (!isFilled(state)) return undefined;
  const facts: StateFacts = { v: 1, dialect, table: id, generation: null };
  if (isMongoState(state) && state.status === 'FULL_REFRESH')
    throw unreadable(id, 'it is of a full refresh, and changes are to be followed now');
  const loaded = loadParts(state, target, id);
  if (loaded === 'fresh') return undefined;
  const mine: DatabaseState | undefined =
    loaded === 'done'
      ? { ...facts, phase: 'done', rows: 0 }
      : loaded && { ...facts, phase: 'loading', parts: loaded, then: null };
  if (!mine) throw unreadable(id, 'it is of a cursor or of transaction ids, and the log is to be followed now');
  return mine as unknown as JsonObject;
}

/** Parts of a load; `done`; `fresh`: to be read anew; undefined: the state is of what follows a load. */
function loadParts(
  state: JsonObject,
  { table, dialect }: Pick<ForeignState, 'dialect' | 'table'>,
  id: string,
): Part[] | 'done' | 'fresh' | undefined {
  const version = typeof state.version === 'number' ? state.version : 2;
  if (version !== 2 && version !== 3) throw unreadable(id, `its version ${version} is not known (known: 2 and 3)`);
  refuseOtherTable(state, table, id);
  if (dialect === 'mongodb' && isMongoState(state)) {
    const progress = mongoProgress(state, table.name);
    if (typeof progress === 'string') throw unreadable(id, progress);
    return progress.status === 'COMPLETE' ? 'done' : progress.parts;
  }
  switch (state.state_type) {
    case 'ctid':
    case 'ctid_based':
      return state.ctid === undefined || state.ctid === null ? 'fresh' : ctidParts(state, id);
    case 'primary_key':
      return keyParts(state.pk_name, state.pk_val, table);
    case 'ordered_column':
      return keyParts(state.ordered_col, state.ordered_col_val, table);
    case 'cursor_based':
    case 'xmin':
    case 'xmin_based':
      return undefined;
    case undefined:
    case null:
      // What a table that has been loaded and follows the log has: its name, and a cursor field that is empty.
      if (state.stream_name !== undefined && Array.isArray(state.cursor_field) && state.cursor_field.length === 0)
        return 'done';
  }
  throw unreadable(id, 'it is none that this source or Airbyte (cursor, ctid, xmin, primary key, log) writes');
}

/**
 * Only the first column of a composite key is in such a state: going on from it skips rows (that is a known defect there). Bytes
 * are written in another way there.
 */
function keyParts(name: Json | undefined, value: Json | undefined, table: Table): Part[] | 'fresh' {
  const column = table.columns.find((each) => each.name === name);
  if (!column || value === undefined || value === null || /binary|blob/i.test(column.type)) return 'fresh';
  if (table.primaryKey.length > 1 && table.primaryKey.includes(column.name)) return 'fresh';
  const position = [String(value)];
  const identity = { kind: 'key' as const, columns: [column.name], types: [column.type], collation: null };
  return [{ id: table.name, epoch: 0, identity, ranges: openAfter(position), revoked: [] }];
}

/** Everything up to a position is read, and nothing behind it. */
function openAfter(position: Json): Range[] {
  return [
    { lo: null, hi: position, pos: null, rows: 0, done: true },
    { lo: position, hi: null, pos: null, rows: 0, done: false },
  ];
}

function ctidParts(state: JsonObject, id: string): Part[] {
  const filenode = Number(state.relation_filenode);
  const ctid = typeof state.ctid === 'string' ? /^\((\d+),(\d+)\)$/.exec(state.ctid) : null;
  if (!ctid) throw unreadable(id, `its 'ctid' is not of the form (page,tuple)`);
  if (!Number.isSafeInteger(filenode)) throw unreadable(id, `its 'relation_filenode' is no number`);
  const position = [Number(ctid[1]), Number(ctid[2])];
  return [{ id, epoch: 0, identity: { kind: 'ctid', filenode }, ranges: openAfter(position), revoked: [] }];
}

/** Null where a table was empty, so that there is no value to go on from. */
function thenOf(state: JsonObject, follow: Follow, id: string): Then | null {
  const type = String(state.state_type ?? '');
  if (follow.kind === 'cursor') {
    if (type.startsWith('xmin'))
      throw unreadable(
        id,
        `it is of transaction ids (state_type '${type}'), and a cursor column is to be followed now; 'method: xmin' goes on from it`,
      );
    const cursors = typeof state.cursors === 'object' && state.cursors !== null ? (state.cursors as JsonObject) : {};
    const [column, value] =
      Array.isArray(state.cursor_field) && state.cursor_field.length > 0
        ? [state.cursor_field[0], state.cursor]
        : (Object.entries(cursors)[0] ?? []);
    if (typeof column !== 'string') throw unreadable(id, 'it has no cursor field');
    if (value === undefined || value === null || value === '') return null;
    // The value's own rows come again: the state does not say which of them were sent.
    return { kind: 'cursor', mark: { column, value: String(value), keys: [] } };
  }
  if (follow.kind === 'xmin') {
    if (type === 'cursor_based')
      throw unreadable(
        id,
        `it is of a cursor column (state_type '${type}'), and transaction ids are to be followed now; 'method: cursor' goes on from it`,
      );
    const raw = state.xmin_raw_value ?? state.xmin;
    if (raw === undefined || raw === null) throw unreadable(id, 'it has no xmin value');
    return { kind: 'xmin', mark: { xmin: String(raw) } };
  }
  throw unreadable(id, 'a position in the log cannot be taken over');
}

function isFilled(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}

function refuseOtherTable(state: JsonObject, table: Table, id: string): void {
  const name = state.stream_name;
  const namespace = state.stream_namespace;
  const isOther =
    (typeof name === 'string' && name !== '' && name !== table.name) ||
    (typeof namespace === 'string' &&
      namespace !== '' &&
      table.namespace !== undefined &&
      namespace !== table.namespace);
  if (isOther) throw unreadable(id, `it is of the table '${String(namespace ?? '')}.${String(name)}'`);
}

function unreadable(table: string, why: string): ConnectorError {
  return new ConnectorError(
    'config',
    `The state of stream '${table}' cannot be gone on from: ${why}. Read the table without a state to begin anew.`,
  );
}
