import { openDestination, type SyncSettings, sync } from '@tidemark/sync';
import { expect, it } from 'vitest';
import { describeWith, mariadb, mysql, postgres } from '../../../scripts/servers/vitest.mjs';
import { FakeSource, rows } from './fake-source.ts';
import { query } from './mysql-server.ts';
import { ask, newDatabase } from './postgres-server.ts';

const run = async (url: string, count: number, more: Partial<SyncSettings> = {}) =>
  sync({
    source: new FakeSource([{ name: 'users', rows: rows(count) }]),
    config: {},
    connection: 'stuck',
    destination: await openDestination(url),
    streams: [{ name: 'users', destination_sync_mode: 'append' }],
    checkpoint: { rows: 10 },
    retry: { backoff_seconds: 0.01 },
    ...more,
  });

/** Rows are taken by a trigger that sleeps for ten minutes; it goes as soon as the first attempt has ended. */
async function meetsStuckServer(url: string, lift: () => Promise<unknown>, stop: () => Promise<unknown>) {
  expect(await run(url, 20)).toMatchObject({ outcome: 'complete' });
  await stop();
  const result = await run(url, 30, {
    destinationSilentSeconds: 1,
    sleep: async () => {
      await lift();
    },
    retry: { attempts: 5, backoff_seconds: 0.01 },
  });
  expect(result).toMatchObject({ outcome: 'complete', attempt: 2 });
  expect(result.attempts[0]!.errors).toMatchObject([
    { kind: 'transient', message: expect.stringMatching(/has not come back for 1 seconds/) },
  ]);
}

describeWith(postgres, 'a statement that never ends', (server) => {
  it('is left, its connection cut and its lease given back: the next attempt goes on', async () => {
    const url = await newDatabase(server(), 'stuck');
    await meetsStuckServer(
      url,
      async () => {
        // Whoever ends the sleeping statement plays the network: the runner has long gone.
        await ask(url, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = $1', ['PgSleep']);
        await ask(url, 'DROP TRIGGER IF EXISTS slow ON users');
      },
      async () => {
        await ask(
          url,
          `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN NEW; END'`,
        );
        await ask(url, 'CREATE TRIGGER slow BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION slow()');
      },
    );
    expect(await ask(url, 'SELECT count(*) AS n FROM users')).toEqual([{ n: '50' }]);
  });
});

for (const kind of [mysql, mariadb]) {
  describeWith(kind, 'a statement that never ends', (server) => {
    it('is left, its connection cut and its lease given back: the next attempt goes on', async () => {
      await query(server(), undefined, 'CREATE DATABASE stuck');
      const url = new URL(server().url);
      url.pathname = '/stuck';
      await meetsStuckServer(
        url.href,
        async () => {
          const list = await query(server(), undefined, 'SHOW PROCESSLIST');
          for (const row of list)
            if (/sleep/i.test(String(row.State))) await query(server(), undefined, `KILL ${row.Id}`);
          await query(server(), 'stuck', 'DROP TRIGGER IF EXISTS slow');
        },
        () =>
          query(
            server(),
            'stuck',
            'CREATE TRIGGER slow BEFORE INSERT ON users FOR EACH ROW BEGIN DECLARE slept INT; SET slept = SLEEP(600); END',
          ),
      );
      expect(await query(server(), 'stuck', 'SELECT count(*) AS n FROM users')).toMatchObject([{ n: '50' }]);
    });
  });
}
