import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { offsetsOf } from '../../src/airbyte/log-offset.js';
import { loadFromAirbyte, stateFromAirbyte } from '../../src/airbyte/state.js';
import type { Follow, Table } from '../../src/dialect.js';
import type { DialectName } from '../../src/state.js';

const tableOf = (primaryKey: string[], type = 'int'): Table =>
  ({
    name: 't',
    namespace: 'db',
    columns: primaryKey.map((name) => ({ name, type })),
    primaryKey,
  }) as unknown as Table;
const follow = (kind: Follow['kind']): Follow => ({ kind }) as Follow;
const own = (state: JsonObject, dialect: DialectName, by?: Follow['kind'], table = tableOf(['id'])) => {
  const {
    v: _v,
    dialect: _dialect,
    table: _table,
    generation: _generation,
    ...rest
  } = stateFromAirbyte(state, {
    dialect,
    table,
    generation: null,
    follow: by && follow(by),
  });
  return rest;
};
const open = (id: string, identity: object, position: unknown) => [
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
const byId = { kind: 'key', columns: ['id'], types: ['int'], collation: null };
const cursorState = {
  version: 2,
  state_type: 'cursor_based',
  stream_name: 't',
  stream_namespace: 'db',
  cursor_field: ['at'],
  cursor: '9',
  cursor_record_count: 1,
};
const mark = { kind: 'cursor', mark: { column: 'at', value: '9', keys: [] } };

describe('states of Airbyte', () => {
  it('of a load by the primary key, or by a clustered index', () => {
    const mysql = { version: 2, state_type: 'primary_key', pk_name: 'id', pk_val: '999', incremental_state: {} };
    expect(own(mysql, 'mysql')).toEqual({ phase: 'loading', parts: open('t', byId, ['999']), then: null });
    expect(own({ ...mysql, incremental_state: cursorState }, 'mysql', 'cursor')).toEqual({
      phase: 'loading',
      parts: open('t', byId, ['999']),
      then: mark,
    });
    const mssql = { version: 2, state_type: 'ordered_column', ordered_col: 'id', ordered_col_val: '999' };
    expect(own(mssql, 'sqlserver')).toEqual({ phase: 'loading', parts: open('t', byId, ['999']), then: null });
    const third = { version: 3, state_type: 'primary_key', pk_name: 'id', pk_val: 999, cursor_field: [] };
    expect(own(third, 'sqlserver')).toEqual({ phase: 'loading', parts: open('t', byId, ['999']), then: null });
  });

  it('of which nothing can be gone on from without losing rows begin anew', () => {
    const load = { version: 2, state_type: 'primary_key', pk_name: 'a', pk_val: '1' };
    expect(own(load, 'mysql', undefined, tableOf(['a', 'b']))).toEqual({ phase: 'not_started' });
    expect(own(load, 'mysql', undefined, tableOf(['a'], 'varbinary(8)'))).toEqual({ phase: 'not_started' });
    expect(own({ version: 2, state_type: 'primary_key', cursor_record_count: 0 }, 'mysql')).toEqual({
      phase: 'not_started',
    });
    expect(own({ version: 3, state_type: 'ctid_based', cursors: {} }, 'postgres')).toEqual({ phase: 'not_started' });
  });

  it('of a cursor, those of empty tables too', () => {
    expect(own(cursorState, 'mysql', 'cursor')).toEqual({ phase: 'streaming', then: mark });
    expect(own({ version: 3, state_type: 'cursor_based', cursors: { at: 9 } }, 'postgres', 'cursor')).toEqual({
      phase: 'streaming',
      then: mark,
    });
    expect(
      own({ version: 3, state_type: 'cursor_based', cursor_field: ['at'], cursor: 9 }, 'sqlserver', 'cursor'),
    ).toEqual({
      phase: 'streaming',
      then: mark,
    });
    for (const cursor of [null, ''])
      expect(own({ ...cursorState, cursor }, 'sqlserver', 'cursor')).toEqual({ phase: 'not_started' });
    expect(
      own(
        { version: 2, state_type: 'xmin', num_wraparound: 0, xmin_xid_value: 7, xmin_raw_value: 7 },
        'postgres',
        'xmin',
      ),
    ).toEqual({ phase: 'streaming', then: { kind: 'xmin', mark: { xmin: '7' } } });
    expect(() => own({ version: 2, state_type: 'cursor_based' }, 'mysql', 'cursor')).toThrow(/it has no cursor field/);
    const xmin = { version: 2, state_type: 'xmin', num_wraparound: 0, xmin_xid_value: 7, xmin_raw_value: 7 };
    expect(() => own(xmin, 'postgres', 'cursor')).toThrow(
      /it is of transaction ids \(state_type 'xmin'\), and a cursor column is to be followed now; 'method: xmin' goes on/,
    );
    const cursor = { version: 2, state_type: 'cursor_based', cursor_field: ['c'], cursor: '7' };
    expect(() => own(cursor, 'postgres', 'xmin')).toThrow(
      /it is of a cursor column \(state_type 'cursor_based'\), and transaction ids are to be followed now/,
    );
  });

  it('of tables that follow the log', () => {
    const target = { dialect: 'mysql' as const, table: tableOf(['id']) };
    const done = { stream_name: 't', stream_namespace: 'db', cursor_field: [] };
    expect(loadFromAirbyte(done, target)).toMatchObject({ phase: 'done' });
    expect(loadFromAirbyte({ state_type: 'primary_key', pk_name: 'id', pk_val: '5' }, target)).toMatchObject({
      phase: 'loading',
      then: null,
    });
    expect(loadFromAirbyte({}, target)).toBeUndefined();
    expect(() => loadFromAirbyte(cursorState, target)).toThrow(/it is of a cursor or of transaction ids/);
    expect(() => loadFromAirbyte({ ...done, stream_name: 'u' }, target)).toThrow(/is of the table 'db.u'/);
    expect(() => loadFromAirbyte({ status: 'COMPLETE', id: '1' }, target)).toThrow(
      /it is none that this source or Airbyte/,
    );
    expect(own(done, 'mysql')).toEqual({ phase: 'not_started' });
  });

  it('of MongoDB, in every type of _id', () => {
    const ids: [JsonObject, unknown][] = [
      [{ idType: 'OBJECT_ID', id: '65F0000000000000000000aa' }, { $oid: '65f0000000000000000000aa' }],
      [{ id: '65f0000000000000000000aa' }, { $oid: '65f0000000000000000000aa' }],
      [{ idType: 'STRING', id: '5' }, '5'],
      [{ idType: 'INT', id: '-2147483648' }, { $numberInt: '-2147483648' }],
      [{ idType: 'LONG', id: '9007199254740993' }, { $numberLong: '9007199254740993' }],
      [{ idType: 'BINARY', id: 'AP8=', binarySubType: 0 }, { $binary: { base64: 'AP8=', subType: '00' } }],
      [
        { idType: 'BINARY', id: '00112233-4455-6677-8899-aabbccddeeff', binarySubType: 4 },
        { $binary: { base64: 'ABEiM0RVZneImaq7zN3u/w==', subType: '04' } },
      ],
    ];
    for (const [state, _id] of ids)
      for (const status of ['IN_PROGRESS', 'FULL_REFRESH'])
        expect(own({ ...state, status }, 'mongodb')).toEqual({
          phase: 'loading',
          parts: open('t', { kind: 'mongo_id' }, { _id }),
          then: null,
        });
    const target = { dialect: 'mongodb' as const, table: tableOf(['_id']) };
    const load = (state: JsonObject) => () => loadFromAirbyte({ id: '1', status: 'IN_PROGRESS', ...state }, target);
    expect(load({ status: 'COMPLETE', idType: 'INT' })()).toMatchObject({ phase: 'done' });
    expect(load({ idType: 'INT', id: '5' })()).toMatchObject({ phase: 'loading' });
    expect(load({ status: 'FULL_REFRESH', idType: 'INT' })).toThrow(
      /it is of a full refresh, and changes are to be followed/,
    );
    for (const [idType, id] of [
      ['INT', '2147483648'],
      ['LONG', '9223372036854775808'],
      ['OBJECT_ID', '5'],
      ['BINARY', '!'],
      ['DATE', '5'],
    ])
      expect(load({ idType: idType!, id: id! })).toThrow(/its 'id' is no value of its 'idType'/);
    expect(load({ status: 'HALF', idType: 'INT' })).toThrow(/its 'status' is 'HALF' \(known: /);
  });

  it('of a log have offsets, or say what they lack', () => {
    const text = '{"lsn":18446744073709551615}';
    expect(offsetsOf({ state: { '["db",{"server":"db"}]': text } })).toEqual([{ lsn: 18446744073709551615n }]);
    expect(() => offsetsOf({ state: {} })).toThrow(/it is empty/);
    expect(() => offsetsOf({ state: {} }, 'mysql_cdc_offset')).toThrow(/it has no 'mysql_cdc_offset'/);
    expect(() => offsetsOf({ state: { a: 'x' } })).toThrow(/an offset in it is no JSON object/);
  });
});
