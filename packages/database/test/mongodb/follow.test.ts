import type { JsonObject } from '@tidemark/protocol';
import { lastStates } from '@tidemark/source/testing';
import { FindCursor, Long, ObjectId } from 'mongodb';
import { expect, it, vi } from 'vitest';
import { describeWith, mongodb } from '../../../../scripts/servers/vitest.mjs';
import { mongodb as mongodbDialect } from '../../src/mongodb/dialect.js';
import { readingSettings } from '../../src/reading-settings.js';
import { context, readAll } from '../reading.js';
import { after, column, fill, inDatabase, open, readStream } from './server.js';

const day = (n: number): Date => new Date(Date.UTC(2024, 0, n));
const asState = (text: JsonObject): JsonObject => JSON.parse(JSON.stringify(text));

describeWith(mongodb, 'mongodb: following a field', (server) => {
  const index = (name: string, field: string) =>
    inDatabase(server(), (db) => db.collection(name).createIndex({ [field]: 1 }));
  const connect = (name: string, wish: object = {}, reading: object = {}) =>
    open(server(), { reading: { page_rows: 2, ...reading }, streams: [{ name, cursor: 'at', ...wish }] });

  it('brings what is new, the documents of the last value once each, also of several types of _id', async () => {
    await fill(server(), 'posts', [
      { _id: 1, at: day(1) },
      { _id: 'x', at: day(2) },
      { _id: 3, at: day(2) },
      { _id: 4 },
    ]);
    await index('posts', 'at');
    const { connection } = await connect('posts');
    expect((await connection.streams[0]!.describe()).default_cursor_field).toEqual(['at']);
    const load = await readStream(connection, 'posts');
    expect(load.errors).toEqual([]);
    expect(new Set(column(load.sent, '_id'))).toEqual(new Set([1, 'x', 3, 4]));
    const idle = await readStream(connection, 'posts', after(load));
    expect(column(idle.sent, '_id')).toEqual([]);
    await fill(server(), 'posts', [
      { _id: 'late', at: day(2) },
      { _id: 5, at: day(3) },
      { _id: 6, at: day(3) },
      { _id: 'y', at: day(3) },
      { _id: 7, at: null },
    ]);
    const states = lastStates(idle.sent);
    const whole = await readStream(connection, 'posts', { states });
    expect(column(whole.sent, '_id')).toEqual(['late', 5, 6, 'y']);
    for (let killAfter = 0; killAfter < whole.sent.length; killAfter++) {
      const first = await readStream(connection, 'posts', { states, killAfter });
      const last = lastStates(first.sent);
      const second = await readStream(connection, 'posts', { states: last.size > 0 ? last : states });
      const upTo = first.sent.map(({ kind }) => kind).lastIndexOf('state') + 1;
      expect([...column(first.sent.slice(0, upTo), '_id'), ...column(second.sent, '_id')]).toEqual(['late', 5, 6, 'y']);
    }
    await connection.close();
  });

  it('follows numbers beyond 2^53, and values of another type that come later', async () => {
    await fill(server(), 'numbers', [
      { _id: 1, at: Long.fromString('9007199254740992') },
      { _id: 2, at: 3 },
    ]);
    await index('numbers', 'at');
    const { connection } = await connect('numbers');
    const load = await readStream(connection, 'numbers');
    await fill(server(), 'numbers', [
      { _id: 3, at: Long.fromString('9007199254740993') },
      { _id: 4, at: day(1) },
    ]);
    const more = await readStream(connection, 'numbers', after(load));
    expect(column(more.sent, '_id')).toEqual([3, 4]);
    expect(column((await readStream(connection, 'numbers', after(more))).sent, '_id')).toEqual([]);
    await connection.close();
  });

  it('reads more documents of one value than a page has, by _ids of several types, each once', async () => {
    await fill(server(), 'crowd', [{ _id: 0, at: 1 }]);
    await index('crowd', 'at');
    const { connection } = await connect('crowd');
    const load = await readStream(connection, 'crowd');
    const equal = [1, 'b', new ObjectId(), 2, 'a', day(1), 3, { x: 1 }];
    await fill(server(), 'crowd', [
      ...equal.map((_id, i) => ({ _id, at: i % 2 === 0 ? 5 : Long.fromNumber(5) })),
      { _id: 'many', at: [5, 6, 7] },
      { _id: 'six', at: 6 },
      { _id: 'seven', at: 7 },
      { _id: 'seven too', at: 7 },
    ]);
    const more = await readStream(connection, 'crowd', after(load));
    expect(more.errors).toEqual([]);
    const ids = column(more.sent, '_id').map(String);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.slice(equal.length)).toEqual(['six', 'seven', 'seven too']);
    expect(new Set(column(more.sent, 'at').slice(0, equal.length))).toEqual(new Set([5]));
    const states = after(load).states;
    for (let killAfter = 1; killAfter < more.sent.length; killAfter++) {
      const first = await readStream(connection, 'crowd', { states, killAfter });
      const last = lastStates(first.sent);
      const second = await readStream(connection, 'crowd', { states: last.size > 0 ? last : states });
      const upTo = first.sent.map(({ kind }) => kind).lastIndexOf('state') + 1;
      const all = [...column(first.sent.slice(0, upTo), '_id'), ...column(second.sent, '_id')].map(String);
      expect(all.sort()).toEqual([...ids].sort());
    }
    await connection.close();
  });

  it('ends at the last value that there is when it begins', async () => {
    await fill(server(), 'growing', [{ _id: 0, at: 0 }]);
    await index('growing', 'at');
    const source = await mongodbDialect.open(
      { host: server().host, port: server().port, database: server().database },
      readingSettings({ page_rows: 2 }),
      context(),
    );
    const [table] = await source.tables([{ name: 'growing', cursor: 'at' }]);
    const follow = table!.follow('cursor', table!.columns, 'at');
    const mark = await follow.start();
    await fill(
      server(),
      'growing',
      Array.from({ length: 9 }, (_, i) => ({ _id: i + 1, at: i + 1 })),
    );
    const signal = new AbortController().signal;
    const ids: unknown[] = [];
    let next = mark;
    let late = 100;
    for await (const page of follow.read(mark, { signal })) {
      ids.push(...page.records.map(({ _id }) => _id));
      next = page.next;
      await fill(server(), 'growing', [{ _id: late, at: late++ }]);
    }
    expect(ids).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const rest: unknown[] = [];
    for await (const page of follow.read(next, { signal })) rest.push(...page.records.map(({ _id }) => Number(_id)));
    expect(rest.length).toBeGreaterThan(0);
    expect(rest.every((id) => Number(id) >= 100)).toBe(true);
    await source.close();
  });

  it('reads the look-back again without moving back', async () => {
    await fill(server(), 'looking', [
      { _id: 1, at: day(1) },
      { _id: 2, at: day(2) },
    ]);
    await index('looking', 'at');
    const { connection } = await connect('looking', { lookback: 86_400 });
    const load = await readStream(connection, 'looking');
    const again = await readStream(connection, 'looking', after(load));
    expect(column(again.sent, '_id')).toEqual([1, 2]);
    await fill(server(), 'looking', [{ _id: 3, at: new Date(day(1).getTime() + 5) }]);
    const late = await readStream(connection, 'looking', after(again));
    expect(column(late.sent, '_id')).toEqual([1, 3, 2]);
    expect(lastStates(late.sent)).toEqual(lastStates(again.sent));
    await connection.close();
  });

  it('ends the query of a field without an index, however slow the destination is', async () => {
    const wide = 'x'.repeat(500_000);
    await fill(server(), 'scanned', [{ _id: 0, at: 0, wide }]);
    const { connection } = await connect('scanned', { scan: true }, { page_rows: 10, page_bytes: 200_000 });
    const load = await readStream(connection, 'scanned');
    await fill(
      server(),
      'scanned',
      Array.from({ length: 60 }, (_, i) => ({ _id: 60 - i, at: 60 - i, wide })),
    );
    const ended = vi.spyOn(FindCursor.prototype, 'close');
    try {
      const isEnded = () =>
        ended.mock.contexts.some((cursor) => (cursor as FindCursor).namespace.collection === 'scanned');
      const changes = await readAll(connection, {
        mode: 'incremental',
        cursorField: 'at',
        states: lastStates(load.sent),
        // Far more than a page is still to come.
        onPage: async (page) => {
          if (page === 1) await expect.poll(isEnded, { timeout: 25_000 }).toBe(true);
        },
      });
      expect(changes.errors).toEqual([]);
      const rows = changes.sent.flatMap((each) => (each.kind === 'record' ? [each.record] : []));
      // The load left no mark: its row comes once more.
      expect(rows.map(({ _id }) => _id)).toEqual(Array.from({ length: 61 }, (_, i) => i));
      expect(rows.every((row) => row.wide === wide)).toBe(true);
      const idle = await readAll(connection, {
        mode: 'incremental',
        cursorField: 'at',
        states: lastStates(changes.sent),
      });
      expect(column(idle.sent, '_id')).toEqual([]);
    } finally {
      ended.mockRestore();
    }
    await connection.close();
  }, 60_000);

  it('refuses a field without an index, and a mark of another field', async () => {
    await fill(server(), 'unindexed', [{ _id: 1, at: day(1), other: 1 }]);
    const { connection } = await connect('unindexed');
    const refused = await readStream(connection, 'unindexed');
    expect(refused.errors[0]?.message).toContain('createIndex({ at: 1 })');
    await connection.close();
    const allowed = await connect('unindexed', { scan: true });
    const load = await readStream(allowed.connection, 'unindexed');
    expect(load.errors).toEqual([]);
    const [[key, state]] = [...after(load).states] as [[string, JsonObject]];
    const then = { kind: 'cursor', mark: { column: 'other', ids: [] } };
    const other = await readStream(allowed.connection, 'unindexed', {
      states: new Map([[key, asState({ ...state, then })]]),
    });
    expect(other.errors[0]?.message).toContain("it goes on by the field 'other'");
    await allowed.connection.close();
  });
});
