import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { Follow, Table } from '../dialect.js';
import type { DatabaseState, DialectName, Part, Then } from '../state.js';
import { tableId } from '../table-id.js';

/** What a foreign state is read for. */
export interface ForeignState {
  dialect: DialectName;
  table: Table;
  generation: number | null;
  follow: Follow | undefined;
}

/**
 * A state of Airbyte's own database sources (versions 2 and 3) as one of ours. Throws ConnectorError (config) for a state
 * that nothing can be gone on from without losing rows: those of a log, where the absence of a field meant "done".
 */
export function stateFromAirbyte(state: JsonObject, target: ForeignState): DatabaseState {
  const { dialect, table, generation } = target;
  const id = tableId(table);
  const facts = { v: 1 as const, dialect, table: id, generation };
  const kind = state.state_type;
  const version = typeof state.version === 'number' ? state.version : 2;
  if (version !== 2 && version !== 3) throw unreadable(id, `its version ${version} is not known (known: 2 and 3)`);
  refuseOtherTable(state, table, id);
  switch (kind) {
    case 'ctid':
    case 'ctid_based': {
      const parts = ctidParts(state, id);
      const inner = state.incremental_state;
      const then = target.follow === undefined ? null : thenOf(isFilled(inner) ? inner : state, target.follow, id);
      return { ...facts, phase: 'loading', parts, then };
    }
    case 'cursor_based':
    case 'xmin':
    case 'xmin_based':
      if (!target.follow) return { ...facts, phase: 'not_started' };
      return { ...facts, phase: 'streaming', then: thenOf(state, target.follow, id) };
    default:
      return primaryKeyState(state, target, id, facts);
  }
}

function primaryKeyState(
  state: JsonObject,
  target: ForeignState,
  id: string,
  facts: Pick<DatabaseState & { phase: 'not_started' }, 'v' | 'dialect' | 'table' | 'generation'>,
): DatabaseState {
  // Only the first column of a composite key is in such a state: going on from it skips rows (that is a known defect there).
  if (state.state_type === 'primary_key') {
    const name = state.pk_name;
    const value = state.pk_val;
    if (target.table.primaryKey.length === 1 && target.table.primaryKey[0] === name && value !== undefined) {
      const column = target.table.columns.find((each) => each.name === name);
      const types = column ? [column.type] : [];
      const identity = { kind: 'key' as const, columns: [String(name)], types, collation: null };
      const position = [String(value)];
      const parts: Part[] = [
        {
          id,
          epoch: 0,
          identity,
          ranges: [
            { lo: null, hi: position, pos: null, rows: 0, done: true },
            { lo: position, hi: null, pos: null, rows: 0, done: false },
          ],
          revoked: [],
        },
      ];
      const inner = state.incremental_state;
      const then = target.follow === undefined ? null : thenOf(isFilled(inner) ? inner : {}, target.follow, id);
      return { ...facts, phase: 'loading', parts, then };
    }
    return { ...facts, phase: 'not_started' };
  }
  throw unreadable(id, 'it is none that this source or Airbyte (cursor, ctid, xmin, primary key) writes');
}

function ctidParts(state: JsonObject, id: string): Part[] {
  const filenode = Number(state.relation_filenode);
  const ctid = typeof state.ctid === 'string' ? /^\((\d+),(\d+)\)$/.exec(state.ctid) : null;
  if (!ctid) throw unreadable(id, `its 'ctid' is not of the form (page,tuple)`);
  if (!Number.isSafeInteger(filenode)) throw unreadable(id, `its 'relation_filenode' is no number`);
  const position = [Number(ctid[1]), Number(ctid[2])];
  return [
    {
      id,
      epoch: 0,
      identity: { kind: 'ctid', filenode },
      ranges: [
        { lo: null, hi: position, pos: null, rows: 0, done: true },
        { lo: position, hi: null, pos: null, rows: 0, done: false },
      ],
      revoked: [],
    },
  ];
}

function thenOf(state: JsonObject, follow: Follow, id: string): Then {
  if (follow.kind === 'cursor') {
    const cursors = typeof state.cursors === 'object' && state.cursors !== null ? (state.cursors as JsonObject) : {};
    const [column, value] =
      Array.isArray(state.cursor_field) && state.cursor_field.length > 0
        ? [state.cursor_field[0], state.cursor]
        : (Object.entries(cursors)[0] ?? []);
    if (typeof column !== 'string' || value === undefined || value === null) {
      throw unreadable(id, 'it has no cursor field with a value');
    }
    // The value's own rows come again: the state does not say which of them were sent.
    return { kind: 'cursor', mark: { column, value: String(value), keys: [] } };
  }
  if (follow.kind === 'xmin') {
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
