import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BookStore,
  type Destination,
  duckdb,
  fileBooks,
  type StoredJob,
  type StoredStream,
  type SyncResult,
  type SyncSettings,
  sync,
  withBooks,
} from '@tidemark/sync';
import { describe, expect, it } from 'vitest';
import { query, temporaryFolder } from './duckdb-file.ts';
import { FakeSource } from './fake-source.ts';
import { LogSource } from './log-source.ts';

const folder = temporaryFolder();
let places = 0;
const rows = (count: number) => Array.from({ length: count }, (_, index) => ({ id: index + 1 }));

/** A place with a database and a state file. */
function place() {
  const number = ++places;
  const database = join(folder, `books-${number}.duckdb`);
  const state = join(folder, `books-${number}.json`);
  const logs: string[] = [];
  const run = (source: FakeSource, destination: Destination, more: Partial<SyncSettings> = {}): Promise<SyncResult> =>
    sync({
      source,
      config: {},
      connection: 'c',
      destination,
      retry: false,
      log: (level, message) => logs.push(`${level} ${message}`),
      ...more,
    });
  const plain = duckdb({ path: database });
  return { database, state, logs, run, plain, booked: withBooks(plain, fileBooks(state)) };
}
const failingAt = (page: number) => {
  const source = new FakeSource([
    {
      name: 'users',
      rows: rows(10),
      pageSize: 2,
      onPage: ({ index }) => {
        if (index === page) throw new Error('gone');
      },
    },
  ]);
  return source;
};
const working = () => new FakeSource([{ name: 'users', rows: rows(10), pageSize: 2 }]);

describe('books elsewhere', () => {
  it('keep the state, and the next attempt goes on from it', async () => {
    const { database, state, run, booked } = place();
    expect((await run(failingAt(3), booked)).outcome).toBe('failed');
    expect(readFileSync(state, 'utf8')).toContain('next_page_token');
    const source = working();
    expect(await run(source, booked)).toMatchObject({ outcome: 'complete', attempt: 2 });
    expect(source.requests).toHaveLength(2);
    expect(await query(database, 'SELECT count(*)::INT AS n, count(DISTINCT id)::INT AS d FROM users')).toEqual([
      { n: 10, d: 10 },
    ]);
  });

  it('take over what the destination knows when they are new, and give it back', async () => {
    const { run, plain, booked } = place();
    await run(failingAt(3), plain);
    const moved = working();
    expect(await run(moved, booked)).toMatchObject({ jobId: 1, attempt: 2 });
    expect(moved.requests).toHaveLength(2);
    expect(await run(working(), plain)).toMatchObject({ jobId: 2, attempt: 1 });
    // The books are behind now: the destination's jobs are not counted twice.
    expect(await run(working(), booked)).toMatchObject({ jobId: 3, attempt: 1, outcome: 'complete' });
  });

  it('are not believed when the rows are gone', async () => {
    const { database, run, booked, logs } = place();
    await run(failingAt(3), booked);
    rmSync(database);
    const source = working();
    expect((await run(source, booked)).outcome).toBe('complete');
    expect(source.requests).toHaveLength(5);
    expect(logs.join('\n')).toMatch(/users: the destination does not have the rows/);
    expect(await query(database, 'SELECT count(*)::INT AS n FROM users')).toEqual([{ n: 10 }]);
  });

  it('that fail after the rows are durable repeat nothing and lose nothing', async () => {
    const { database, state, run, plain } = place();
    const store = fileBooks(state);
    let calls = 0;
    const failing: typeof store = {
      ...store,
      async open(options) {
        const books = await store.open(options);
        const keep = books.store.bind(books);
        books.store = (...given) => (++calls === 2 ? Promise.reject(new Error('the disk is full')) : keep(...given));
        return books;
      },
    };
    const source = (): FakeSource => new FakeSource([{ name: 'users', rows: rows(10), pageSize: 2 }]);
    const how = { streams: [{ name: 'users', destination_sync_mode: 'append' as const }], checkpoint: { rows: 2 } };
    const first = await run(source(), withBooks(plain, failing), how);
    expect(first.outcome).toBe('failed');
    expect(first.errors[0]?.message).toContain('the disk is full');
    expect((await run(source(), withBooks(plain, store), how)).outcome).toBe('complete');
    const [counted] = await query(database, 'SELECT count(*)::INT AS n, count(DISTINCT id)::INT AS d FROM users');
    expect(counted).toEqual({ n: 10, d: 10 });
  });

  it('that fail between streams of one state go on from the position that the rows have', async () => {
    const { database, state, plain } = place();
    const store = fileBooks(state);
    let calls = 0;
    const failing: typeof store = {
      ...store,
      async open(options) {
        const books = await store.open(options);
        const keep = books.store.bind(books);
        books.store = (...given) => (++calls === 2 ? Promise.reject(new Error('the disk is full')) : keep(...given));
        return books;
      },
    };
    const log = Array.from({ length: 30 }, (_, index) => ({
      stream: index % 3 === 0 ? 'orders' : 'users',
      row: { id: index + 1, name: 'n' },
    }));
    const source = new LogSource(['users', 'orders'], log);
    const go = (destination: Destination) =>
      sync({ source, config: {}, connection: 'c', destination, retry: false, checkpoint: { rows: 4 } });
    expect((await go(withBooks(plain, failing))).outcome).toBe('failed');
    expect((await go(withBooks(plain, store))).outcome).toBe('complete');
    // The second attempt began where the rows end, not where the books had come to.
    const [first, second] = source.begun;
    expect(first).toBe(0);
    expect(second).toBeGreaterThanOrEqual(8);
    for (const table of ['users', 'orders']) {
      const [counted] = await query(
        database,
        `SELECT count(*)::INT AS n, count(DISTINCT id)::INT AS d FROM ${table} WHERE true`,
      );
      expect(counted!.n).toBe(counted!.d);
      expect(counted!.n).toBe(table === 'users' ? 20 : 10);
    }
  });

  it('take a shared position with all states that go with it, or none of them', async () => {
    const stored = (
      more: Partial<StoredJob>,
      orders: Partial<StoredStream>,
      users: Partial<StoredStream>,
    ): StoredJob => {
      const stream = (name: string, own: Partial<StoredStream>): StoredStream => ({
        stream: { name },
        job: 'n',
        generation: 1,
        status: 'open',
        syncMode: 'incremental',
        destinationSyncMode: 'append',
        rows: 4,
        openSince: 1,
        state: { at: 'kept' },
        updatedAt: 10,
        ...own,
      });
      const job = { connection: 'c', id: 1, nonce: 'n', attempt: 1, fingerprint: '' };
      return { job, outcome: 'running', ...more, streams: [stream('orders', orders), stream('users', users)] };
    };
    const load = async (kept: StoredJob, inner: StoredJob) => {
      const session = (job: StoredJob) => ({ load: async () => job, close: async () => undefined });
      const destination = { name: 'd', open: async () => session(inner) } as unknown as Destination;
      const books = { name: 'b', open: async () => session(kept) } as unknown as BookStore;
      const opened = await withBooks(destination, books).open({
        clock: () => 0,
        log: () => undefined,
        connection: 'c',
      });
      return (await opened.load('c'))!;
    };
    const kept = stored({ shared: { lsn: 1 } }, {}, {});
    const newer = { state: { at: 'inner' }, updatedAt: 20 };
    const all = await load(kept, stored({ shared: { lsn: 2 } }, { ...newer, rows: 6 }, newer));
    expect(all).toMatchObject({ shared: { lsn: 2 }, streams: [{ state: { at: 'inner' }, rows: 6 }, { rows: 4 }] });
    // The users are of another job there: neither the position nor a state is taken.
    const none = await load(kept, stored({ shared: { lsn: 2 } }, { ...newer, rows: 6 }, { ...newer, job: 'other' }));
    expect(none).toMatchObject({ shared: { lsn: 1 }, streams: [{ state: { at: 'kept' }, rows: 4 }, { rows: 4 }] });
    // Each for itself where nothing is shared; rows of units that began anew are fewer.
    const alone = await load(stored({}, {}, {}), stored({}, { ...newer, rows: 2 }, { updatedAt: 9 }));
    expect(alone).toMatchObject({ streams: [{ state: { at: 'inner' }, rows: 2 }, { state: { at: 'kept' } }] });
  });
});
