import { duckdb, sync, withBooks } from '@tidemark/sync';
import { expect, it } from 'vitest';
import { describeWith, postgres } from '../../../scripts/servers/vitest.mjs';
import { openBooks, parseBooks } from '../src/books/open.ts';
import type { OpenOptions } from '../src/destination.ts';
import { jobOf, planOf, stateOf } from '../src/testing/harness.ts';
import { query, temporaryFolder } from './duckdb-file.ts';
import { FakeSource, rows } from './fake-source.ts';
import { ask, newDatabase } from './postgres-server.ts';

const folder = temporaryFolder();
let places = 0;
const options = (more: Partial<OpenOptions> = {}): OpenOptions => ({
  clock: () => 1_700_000_000_000,
  log: () => undefined,
  connection: 'c',
  ...more,
});

describeWith(postgres, 'books', (server) => {
  const place = () => newDatabase(server(), `books_${++places}`);
  const store = async (url: string) => openBooks(parseBooks(url, '/')!);

  it('keep the state of a destination that is elsewhere, and the next attempt goes on from it', async () => {
    const url = await place();
    const file = `${folder}/elsewhere.duckdb`;
    const run = async (failing: boolean) => {
      const onPage = ({ index }: { index: number }) => {
        if (failing && index === 3) throw new Error('gone');
      };
      const source = new FakeSource([{ name: 'users', rows: rows(10), pageSize: 2, onPage }]);
      const destination = withBooks(duckdb({ path: file }), await store(url));
      const result = await sync({ source, config: {}, connection: 'c', destination, retry: false });
      return { result, source };
    };
    expect((await run(true)).result.outcome).toBe('failed');
    const [stored] = await ask(url, 'SELECT name, status, state, table_name FROM _tidemark_books.streams');
    expect(stored).toMatchObject({ name: 'users', status: 'open', table_name: '' });
    const { result, source } = await run(false);
    expect(result).toMatchObject({ outcome: 'complete', attempt: 2 });
    expect(source.requests).toHaveLength(2);
    expect(await query(file, 'SELECT count(*)::INT AS n, count(DISTINCT id)::INT AS d FROM users')).toEqual([
      { n: 10, d: 10 },
    ]);
  });

  it('remember what they are told, whatever comes at once', async () => {
    const url = await place();
    const books = await (await store(url)).open(options());
    expect(await books.load('c')).toBeUndefined();
    const names = Array.from({ length: 12 }, (_, index) => `s${index}`);
    const plans = names.map((name) => planOf(jobOf(1), { stream: { name }, generation: 4, minimumGeneration: 4 }));
    const job = { ...jobOf(1), connection: 'c' };
    await books.begin(job, plans);
    await Promise.all(
      plans.map((plan, index) => books.store([stateOf(plan, { page: 1n << 70n }, index)], { complete: index === 0 })),
    );
    await books.store([], { shared: { lsn: 3 } });
    await books.end(job, 'partial', { rows: 66, progressed: true });
    await books.close();
    const again = await (await store(url)).open(options({ readOnly: true }));
    const stored = await again.load('c');
    expect(stored).toMatchObject({ outcome: 'partial', lastAttemptProgressed: true, shared: { lsn: 3 }, job });
    expect(stored!.streams).toHaveLength(12);
    const [first] = stored!.streams.filter(({ stream }) => stream.name === 's0');
    expect(first).toMatchObject({
      status: 'complete',
      state: { page: 1n << 70n },
      generation: 4,
      minimumGeneration: 4,
    });
    expect(await again.history('c', 5)).toMatchObject([{ job: 1, outcome: 'partial', rows: 66 }]);
    await again.close();
  });

  it('are held by one runner for each connection, and let themselves be looked at', async () => {
    const url = await place();
    const looked = await (await store(url)).open(options({ readOnly: true }));
    expect(await looked.load('c')).toBeUndefined();
    await looked.close();
    const books = await (await store(url)).open(options());
    await expect((await store(url)).open(options())).rejects.toMatchObject({
      kind: 'transient',
      message: expect.stringMatching(/in use/),
    });
    const other = await (await store(url)).open(options({ connection: 'd' }));
    await other.close();
    await ask(url, "UPDATE _tidemark_books.leases SET expires_at = taken_at WHERE connection = 'c'");
    const next = await (await store(url)).open(options());
    await expect(books.begin({ ...jobOf(1), connection: 'c' }, [])).rejects.toMatchObject({
      kind: 'system',
      message: expect.stringMatching(/nother runner has taken over/),
    });
    await books.close();
    await next.begin({ ...jobOf(1), connection: 'c' }, [planOf(jobOf(1))]);
    await next.reset('c', [{ stream: { name: 'things' }, what: 'state', state: { at: 1 } }], { lsn: 9 });
    expect(await next.load('c')).toMatchObject({ shared: { lsn: 9 }, streams: [{ state: { at: 1 } }] });
    await next.close();
  });

  it('say what is wrong with their address, without the password', async () => {
    for (const url of ['postgres://u:geheim@host', 'postgres://u:geheim@host/db?nothing=1'])
      await expect(store(url)).rejects.toMatchObject({ kind: 'config', message: expect.not.stringMatching(/geheim/) });
  });
});
