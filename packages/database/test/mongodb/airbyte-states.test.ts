import type { JsonObject } from '@tidemark/protocol';
import { Binary, Long, ObjectId } from 'mongodb';
import { expect, it } from 'vitest';
import { describeWith, mongodb } from '../../../../scripts/servers/vitest.mjs';
import { asAirbyte } from '../airbyte/log-states.js';
import { type LogTranscript, lastState, readLog } from '../log-reading.js';
import { column, fill, inDatabase, open, readStream } from './server.js';

describeWith(mongodb, 'mongodb: states of Airbyte', (server) => {
  it('of a load are gone on from in the type of their _id, and in those behind it', async () => {
    const ids: unknown[] = [
      1,
      2,
      Long.fromString('9007199254740993'),
      'a',
      'b',
      new Binary(Buffer.from([1])),
      new Binary(Buffer.from([2])),
    ];
    const objectIds = [1, 2].map((i) => new ObjectId(`65f00000000000000000000${i}`));
    await fill(
      server(),
      'ab_load',
      [...ids, ...objectIds].map((_id) => ({ _id })),
    );
    const { connection } = await open(server(), { reading: { method: 'none', page_rows: 2 } });
    const rest = async (state: JsonObject) => {
      const states = new Map([[`${server().database}\0ab_load`, { status: 'FULL_REFRESH', ...state }]]);
      const { sent, errors } = await readStream(connection, 'ab_load', { states });
      return errors[0]?.message ?? column(sent, '_id');
    };
    const last = ['65f000000000000000000001', '65f000000000000000000002'];
    expect(await rest({ id: '1', idType: 'INT' })).toEqual([2, 9007199254740993n, 'a', 'b', 'AQ==', 'Ag==', ...last]);
    expect(await rest({ id: '9007199254740993', idType: 'LONG' })).toEqual(['a', 'b', 'AQ==', 'Ag==', ...last]);
    expect(await rest({ id: 'a', idType: 'STRING' })).toEqual(['b', 'AQ==', 'Ag==', ...last]);
    expect(await rest({ id: 'AQ==', idType: 'BINARY', binarySubType: 0 })).toEqual(['Ag==', ...last]);
    expect(await rest({ id: last[0]!, idType: 'OBJECT_ID' })).toEqual([last[1]]);
    expect(await rest({ id: last[0]!, idType: 'OBJECT_ID', status: 'COMPLETE' })).toHaveLength(9);
    expect(await rest({ id: 'x', idType: 'INT' })).toContain("its 'id' is no value of its 'idType' (INT)");
    await connection.close();
  });

  it('of the change stream are gone on from by their token, or by their time', async () => {
    await fill(
      server(),
      'ab_log',
      [1, 2, 3, 4].map((_id) => ({ _id })),
    );
    const { database } = server();
    const connect = (config: JsonObject = {}) =>
      open(server(), { reading: { method: 'log' }, streams: [{ name: 'ab_log' }] }, config);
    const read = async (after: LogTranscript | undefined, config: JsonObject = {}) => {
      const { connection, logs } = await connect(config);
      const got = await readLog(connection, after ? { after } : {});
      await connection.close();
      return { ...got, logs, ids: got.sent.flatMap((each) => (each.kind === 'record' ? [each.record._id] : [])) };
    };
    // A token of the server's own: that of a change.
    const load = await read(undefined);
    await fill(server(), 'ab_log', [{ _id: 5 }]);
    const position = lastState(await read(load))!.shared.position as { token: { _data: string }; time: string };
    const [sec, ord] = position.time.split(':').map(Number);
    await fill(server(), 'ab_log', [{ _id: 6 }]);
    await inDatabase(server(), (db) => db.collection('ab_log').deleteOne({ _id: 1 as never }));
    const state = (stream: JsonObject, token: string = position.token._data, more: JsonObject = {}) => {
      const offset = { sec: sec!, ord: ord!, resume_token: token };
      const shared = {
        state: { '["srv",{"server_id":"srv"}]': JSON.stringify(offset) },
        schema_enforced: true,
        ...more,
      };
      return asAirbyte(shared, [{ name: 'ab_log', namespace: database, state: stream }]);
    };
    const done = await read(state({ id: '5', idType: 'INT', status: 'COMPLETE' }));
    expect(done.errors).toEqual([]);
    expect(done.ids).toEqual([6, 1]);
    expect(lastState(done)?.shared).toMatchObject({ v: 1, dialect: 'mongodb' });
    const half = await read(state({ id: '3', idType: 'INT', status: 'IN_PROGRESS' }));
    expect(half.errors).toEqual([]);
    expect(half.ids).toEqual([6, 1, 4, 5, 6]);
    const byTime = await read(state({ id: '5', idType: 'INT', status: 'COMPLETE' }, 'no token'));
    expect(byTime.errors).toEqual([]);
    expect(byTime.logs.join('\n')).toContain('does not take the stored token');
    expect(byTime.ids).toEqual(expect.arrayContaining([6, 1]));
    const refused = await read(state({ id: '5', idType: 'INT', status: 'FULL_REFRESH' }));
    expect(refused.errors[0]).toContain('it is of a full refresh, and changes are to be followed now');
    const complete = { id: '5', idType: 'INT', status: 'COMPLETE' };
    expect((await read(state(complete), { schemaless: true })).errors[0]).toContain(
      "with the fields of a schema, and 'schemaless' is true now. Set 'schemaless: false'",
    );
    const free = state(complete, position.token._data, { schema_enforced: false });
    expect((await read(free)).errors[0]).toContain(
      "without a schema, as whole documents, and 'schemaless' is false now",
    );
    expect((await read(free, { schemaless: true })).ids).toEqual([6, 1]);
    expect((await read(asAirbyte({ state: { a: '{}' } }, []))).errors[0]).toContain("neither 'sec' and 'ord'");
  });
});
