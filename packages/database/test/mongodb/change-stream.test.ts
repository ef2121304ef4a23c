import { type JsonObject, stringify } from '@tidemark/protocol';
import { ObjectId } from 'mongodb';
import { expect, it } from 'vitest';
import { describeWith, mongodb } from '../../../../scripts/servers/vitest.mjs';
import { covered, type LogTranscript, lastState, readLog, table } from '../log-reading.js';
import { fill, inDatabase, open } from './server.js';
import { VALUES } from './typed-values.js';

const CURSOR = '_ab_cdc_cursor';
const ids = ({ sent }: LogTranscript): unknown[] =>
  sent.flatMap((message) => (message.kind === 'record' ? [message.record.id] : []));

/** What a destination has, by the field `id`, which every document here has beside its `_id`. */
const rowsOf = (sent: LogTranscript['sent'], name: string): unknown[] =>
  [...table(sent.map(byId), name, CURSOR).values()].map(({ _id }) => _id).sort();
const byId = (message: LogTranscript['sent'][number]): LogTranscript['sent'][number] =>
  message.kind === 'record' ? { ...message, record: { ...message.record, id: message.record._id! } } : message;

// The stand-in has streams of one collection only, and no token before the first event: see docs/dialects/mongodb.md.
describeWith(mongodb, 'mongodb: change streams', (server) => {
  const connect = (name: string, reading: object = {}, config: JsonObject = {}) =>
    open(server(), { reading: { method: 'log', page_rows: 3, ...reading }, streams: [{ name }] }, config);
  const read = async (name: string, after?: LogTranscript, killAfter?: number) => {
    const { connection } = await connect(name);
    const transcript = await readLog(connection, {
      ...(after ? { after } : {}),
      ...(killAfter === undefined ? {} : { killAfter }),
    });
    await connection.close();
    return { ...transcript, sent: transcript.sent.map(byId) };
  };

  it('loads, then brings inserts and deletions', async () => {
    await fill(
      server(),
      'pets',
      [1, 2, 3, 4].map((_id) => ({ _id, name: `n${_id}` })),
    );
    const load = await read('pets');
    expect(load.errors).toEqual([]);
    expect(load.outcomes).toEqual({ pets: 'complete' });
    expect(rowsOf(load.sent, 'pets')).toEqual([1, 2, 3, 4]);
    const position = lastState(load)?.shared.position as JsonObject;
    expect(position.time).toMatch(/^\d+:\d+$/);
    await inDatabase(server(), async (db) => {
      await db.collection('pets').insertMany([
        { _id: 5, name: 'n5' },
        { _id: 6, name: 'n6' },
      ] as never[]);
      await db.collection('pets').deleteOne({ _id: 2 as never });
      await db.collection('pets').updateOne({ _id: 3 as never }, { $set: { name: 'renamed', added: 1 } });
      await db.collection('pets').replaceOne({ _id: 4 as never }, { name: 'replaced' });
      await db.collection('pets').deleteOne({ _id: 6 as never });
    });
    const changes = await read('pets', load);
    expect(changes.errors).toEqual([]);
    expect(rowsOf([...load.sent, ...changes.sent], 'pets')).toEqual([1, 3, 4, 5]);
    const rows = table([...load.sent, ...changes.sent], 'pets', CURSOR);
    expect(rows.get(3)).toMatchObject({ _id: 3, name: 'renamed', added: 1, _ab_cdc_deleted_at: null });
    expect(rows.get(4)).toMatchObject({ _id: 4, name: 'replaced' });
    const deleted = changes.sent.flatMap((each) =>
      each.kind === 'record' && each.record.id === 2 ? [each.record] : [],
    );
    const last = deleted.at(-1)!;
    expect(last).toMatchObject({ _id: 2, _ab_cdc_deleted_at: expect.stringMatching(/Z$/) });
    expect(last._ab_cdc_updated_at).toBe(last._ab_cdc_deleted_at);
    expect(lastState(changes)?.shared.position).toMatchObject({ token: { _data: expect.any(String) } });
    const idle = await read('pets', changes);
    expect(ids(idle)).toEqual([]);
    const { connection } = await connect('pets');
    const { json_schema, source_defined_cursor, default_cursor_field } = await connection.streams[0]!.describe();
    expect(Object.keys(json_schema.properties as object)).toEqual([
      '_id',
      'added',
      'name',
      CURSOR,
      '_ab_cdc_updated_at',
      '_ab_cdc_deleted_at',
    ]);
    expect([source_defined_cursor, default_cursor_field]).toEqual([true, [CURSOR]]);
    await connection.close();
  });

  it('goes on after any kill, and the collection is the server’s', async () => {
    await fill(
      server(),
      'killed',
      Array.from({ length: 8 }, (_, i) => ({ _id: i })),
    );
    for (let killAfter = 0; killAfter < 16; killAfter++) {
      const first = await read('killed', undefined, killAfter);
      await inDatabase(server(), async (db) => {
        const collection = db.collection('killed');
        await collection.deleteOne({ _id: (killAfter % 8) as never });
        await collection.insertMany([{ _id: 100 + killAfter }, { _id: new ObjectId() }] as never[]);
        await collection.insertOne({ _id: (killAfter % 8) as never });
        await collection.updateOne({ _id: ((killAfter + 3) % 8) as never }, { $set: { n: killAfter } });
      });
      const second = await read('killed', first, killAfter + 2);
      const kept = lastState(second) ? second : first;
      const third = await read('killed', kept);
      expect(third.errors).toEqual([]);
      const truth = await inDatabase(server(), (db) => db.collection('killed').find().toArray());
      const sent = [...covered(first), ...covered(second), ...third.sent];
      expect(rowsOf(sent, 'killed')).toEqual(
        truth.map(({ _id }) => (typeof _id === 'number' ? _id : String(_id))).sort(),
      );
    }
  });

  it('gives the same record of a document as the load does', async () => {
    const { _bsontype: _, ...values } = Object.fromEntries(
      Object.entries(VALUES).map(([name, [value]]) => [name, value]),
    );
    await inDatabase(server(), (db) => db.createCollection('alike'));
    const empty = await read('alike');
    await fill(server(), 'alike', [{ _id: 1, ...values }]);
    const changes = await read('alike', empty);
    const load = await read('alike');
    const [byLog, byLoad] = [changes, load].map(({ sent }) => {
      const records = sent.flatMap((each) => (each.kind === 'record' ? [each.record] : []));
      expect(records.length).toBeGreaterThan(0);
      const { [CURSOR]: _cursor, _ab_cdc_updated_at: _at, ...own } = records.at(-1)!;
      return stringify(own);
    });
    expect(byLog).toBe(byLoad);
  });

  it('goes on from the time of a token that the server refuses', async () => {
    await fill(server(), 'refused', [{ _id: 1 }]);
    const load = await read('refused');
    await fill(server(), 'refused', [{ _id: 2 }]);
    const changes = await read('refused', load);
    const state = lastState(changes)!;
    const position = state.shared.position as JsonObject;
    await fill(server(), 'refused', [{ _id: 3 }]);
    const damaged = { ...state, shared: { ...state.shared, position: { ...position, token: { _data: 'no token' } } } };
    const { connection, logs } = await connect('refused');
    const more = await readLog(connection, { after: { ...changes, sent: [{ kind: 'state', state: damaged }] } });
    await connection.close();
    expect(more.errors).toEqual([]);
    expect(logs.join('\n')).toContain('does not take the stored token');
    expect(rowsOf([...load.sent, ...changes.sent, ...more.sent.map(byId)], 'refused')).toEqual([1, 2, 3]);
  });

  it('refuses a position of another replica set, of a collection made again, or of no change stream', async () => {
    await fill(server(), 'lineage', [{ _id: 1 }]);
    const load = await read('lineage');
    const state = lastState(load)!;
    const position = state.shared.position as JsonObject;
    const errors = async (changed: JsonObject, reading: object = {}) => {
      const { connection } = await connect('lineage', reading);
      const other = { ...state, shared: { ...state.shared, position: changed } };
      const result = await readLog(connection, { after: { ...load, sent: [{ kind: 'state', state: other }] } });
      await connection.close();
      return result;
    };
    expect((await errors({ ...position, set: 'rs9' })).errors[0]).toContain("from the replica set 'rs9'");
    expect((await errors({ file: 'binlog.1' })).errors[0]).toContain('none of a change stream');
    expect((await errors({ ...position, time: '99999999999:0' })).errors[0]).toContain('none of a change stream');
    const reloaded = await errors({ ...position, set: 'rs9' }, { on_lost_position: 'reload' });
    expect(reloaded.errors).toEqual([]);
    expect(rowsOf(reloaded.sent.map(byId), 'lineage')).toEqual([1]);
  });

  it('checks the stream and how far the oplog reaches back', async () => {
    await fill(server(), 'checked', [{ _id: 1 }]);
    const { connection } = await connect('checked');
    const { succeeded, message } = await connection.check();
    expect([succeeded, message]).toEqual([true, expect.stringContaining('The oplog reaches back ')]);
    await connection.close();
  });
});
