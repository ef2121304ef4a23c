import { openDestination, sync } from '@tidemark/sync';
import { describe, expect, it } from 'vitest';
import { count, query, temporaryFolder } from './duckdb-file.ts';
import { LogSource } from './log-source.ts';

const folder = temporaryFolder();
let files = 0;
const entry = (stream: string, id: number) => ({ stream, row: { id, name: `${stream} ${id}` } });
const log = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => entry(index % 3 === 0 ? 'orders' : 'users', from + index));

async function run(source: LogSource, file: string, more: Partial<Parameters<typeof sync>[0]> = {}) {
  return sync({
    source,
    config: {},
    connection: 'log',
    destination: await openDestination(`duckdb:${file}`),
    retry: false,
    checkpoint: { rows: 4 },
    ...more,
  });
}

describe('streams that one state covers', () => {
  it('are committed together, and go on from the one position that they share', async () => {
    const file = `${folder}/${++files}.duckdb`;
    const source = new LogSource(['users', 'orders'], log(1, 30));
    source.failsAt = 16;
    expect(await run(source, file)).toMatchObject({ outcome: 'failed', rows: 16 });
    expect(await count(file, 'SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM orders)')).toBe(16);
    source.failsAt = undefined;
    expect(await run(source, file)).toMatchObject({ outcome: 'complete', attempt: 2, rows: 14 });
    expect(source.begun).toEqual([0, 16]);
    source.log.push(...log(31, 35));
    expect(await run(source, file)).toMatchObject({ outcome: 'complete', jobId: 2, rows: 5 });
    expect(source.begun).toEqual([0, 16, 30]);
    expect(await query(file, 'SELECT count(*)::INT AS n, count(DISTINCT id)::INT AS d FROM users')).toEqual([
      { n: 23, d: 23 },
    ]);
    expect(await count(file, 'SELECT count(*) FROM orders')).toBe(12);
  });

  it('are said to be stored when they are committed, not before', async () => {
    const source = new LogSource(['users', 'orders'], log(1, 12));
    await run(source, `${folder}/${++files}.duckdb`, { checkpoint: { rows: 8 } });
    expect(source.stored).toEqual([undefined, 8, 8]);
  });

  it('go on in the next attempt of the same sync', async () => {
    const file = `${folder}/${++files}.duckdb`;
    const source = new LogSource(['users', 'orders'], log(1, 30));
    source.failsAt = 8;
    const result = await run(source, file, {
      retry: {},
      onEvent: (event) => {
        if (event.type === 'wait') source.failsAt = (source.failsAt ?? 0) + 8;
      },
    });
    expect(result).toMatchObject({ outcome: 'complete', attempt: 4, rows: 30 });
    expect(source.begun).toEqual([0, 8, 16, 24]);
  });

  it('have no shared position to go on from when none of them has a state', async () => {
    const file = `${folder}/${++files}.duckdb`;
    const source = new LogSource(['users', 'orders'], log(1, 10));
    await run(source, file);
    const destination = await openDestination(`duckdb:${file}`);
    const session = await destination.open({ clock: Date.now, log: () => undefined, connection: 'log' });
    await session.load('log');
    await session.reset('log', [{ stream: { name: 'users' }, what: 'merge' }]);
    await session.reset('log', [{ stream: { name: 'orders' }, what: 'merge' }]);
    await session.close();
    await run(source, file);
    expect(source.begun).toEqual([0, 0]);
    expect(await count(file, 'SELECT count(*) FROM users')).toBe(6);
  });
});
