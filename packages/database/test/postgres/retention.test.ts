import { expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { open, run } from '../reading.js';

for (const [version, kind] of [
  [15, postgres],
  [18, postgres18],
] as const) {
  describeWith(
    kind,
    `PostgreSQL ${version}: how long the log is kept`,
    (server) => {
      const check = async (sync_interval_hours?: number) => {
        const reading = { method: 'log' as const, schemas: ['kept'], sync_interval_hours };
        const { connection } = await open(server(), { reading });
        try {
          return await connection.check();
        } finally {
          await connection.close();
        }
      };
      /** Sets something, and waits until new sessions see it. */
      const set = async (statement: string, name: string, shown: string) => {
        for (const each of statement.split(/(?<=;) ?/)) if (each !== '') await run(server(), each);
        if (!statement.includes('pg_reload_conf')) await run(server(), 'SELECT pg_reload_conf()');
        await expect
          .poll(async () => (await run(server(), `SELECT current_setting('${name}') AS it`))[0]!.it, {
            timeout: 20_000,
          })
          .toBe(shown);
      };
      /** Fills so many files of the log, of 16 MB each. */
      const write = async (files: number) => {
        for (let i = 0; i < files; i++)
          await run(
            server(),
            'INSERT INTO kept.t SELECT coalesce(max(id), 0) + 1 FROM kept.t',
            'SELECT pg_switch_wal()',
          );
      };

      it('check says what the server keeps for the slot, what it holds back, and what raises the limit', async () => {
        await run(
          server(),
          'CREATE SCHEMA kept',
          'CREATE TABLE kept.t (id int PRIMARY KEY)',
          'CREATE PUBLICATION tidemark FOR TABLE kept.t',
        );
        await set("ALTER SYSTEM SET max_slot_wal_keep_size = '3GB'", 'max_slot_wal_keep_size', '3GB');
        const without = await check();
        expect(without.succeeded).toBe(false);
        expect(without.message).toContain("There is no replication slot 'tidemark'.");
        expect(without.message).toContain('The server keeps at most 3GB of its log for a replication slot');
        await run(server(), "SELECT pg_create_logical_replication_slot('tidemark', 'pgoutput')");

        const limited = await check();
        expect(limited.succeeded).toBe(true);
        expect(limited.message).toMatch(/loaded again\. 30\d\d MB more may be written before 'tidemark' can be lost\./);
        const raise = "ALTER SYSTEM SET max_slot_wal_keep_size = '6144MB'; SELECT pg_reload_conf();";
        expect(limited.message).toContain(`Mend it with: ${raise}`);
        await set(raise, 'max_slot_wal_keep_size', '6GB');

        await set('ALTER SYSTEM SET max_slot_wal_keep_size = -1', 'max_slot_wal_keep_size', '-1');
        expect(await check()).toEqual({ succeeded: true });

        await write(4);
        // Ends whatever checkpoint this has begun: the next one is the test's own.
        await run(server(), 'CHECKPOINT');
        const held = await check();
        expect(held.succeeded).toBe(true);
        expect(held.message).toMatch(
          /^The replication slot 'tidemark' is not in use and keeps the server from removing \d\d MB of its log, more than max_wal_size\./,
        );

        await set("ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'", 'max_slot_wal_keep_size', '16MB');
        const behind = await check();
        expect(behind.succeeded).toBe(true);
        expect(behind.message).toMatch(/'tidemark' is about to be lost: it is \d\d MB behind, further than/);
        expect(behind.message).toContain("0 bytes more may be written before 'tidemark' can be lost");
        expect(behind.message).toContain("SET max_slot_wal_keep_size = '1024MB';");

        await run(server(), 'CHECKPOINT');
        const lost = await check();
        expect(lost.succeeded).toBe(false);
        expect(lost.message).toContain(
          version === 18 ? "'tidemark' is lost (wal_removed): " : "'tidemark' is lost: the server has removed",
        );
      });

      it('check says for how long a slot may be idle, where the server has such a limit', async () => {
        if (version < 18) {
          expect((await check()).message).not.toContain('idle');
          return;
        }
        await set("ALTER SYSTEM SET idle_replication_slot_timeout = '36h'", 'idle_replication_slot_timeout', '36h');
        const idle = 'The server gives up a replication slot (idle_replication_slot_timeout) that is idle for 36 hours';
        const mend = 'ALTER SYSTEM SET idle_replication_slot_timeout = 0; SELECT pg_reload_conf();';
        for (const [hours, said] of [
          [undefined, `${idle}, less than twice the time between two syncs, which are taken to be a day apart`],
          [20, `${idle}, less than twice the time between two syncs, which are 20 hours apart (sync_interval_hours)`],
          [48, `${idle}, and two syncs are 48 hours apart (sync_interval_hours)`],
        ] as const) {
          const { message = '' } = await check(hours);
          expect(message).toContain(said);
          expect(message).toContain(`Mend it with: ${mend}`);
        }
        expect((await check(18)).message).not.toContain('idle');
        await set(mend, 'idle_replication_slot_timeout', '0');
        expect((await check(48)).message).not.toContain('idle');
      });

      it('check fails where a slot is kept for less than the time between two syncs', async () => {
        await set('ALTER SYSTEM SET max_slot_wal_keep_size = -1', 'max_slot_wal_keep_size', '-1');
        await run(
          server(),
          "SELECT pg_drop_replication_slot('tidemark')",
          "SELECT pg_create_logical_replication_slot('tidemark', 'pgoutput')",
        );
        expect(await check(1)).toEqual({ succeeded: true });
        if (version === 18) {
          await set("ALTER SYSTEM SET idle_replication_slot_timeout = '2h'", 'idle_replication_slot_timeout', '2h');
          expect((await check()).succeeded).toBe(true);
          expect((await check(2)).succeeded).toBe(true);
          expect((await check(3)).succeeded).toBe(false);
          await set('ALTER SYSTEM SET idle_replication_slot_timeout = 0', 'idle_replication_slot_timeout', '0');
        }
        await set("ALTER SYSTEM SET max_slot_wal_keep_size = '17MB'", 'max_slot_wal_keep_size', '17MB');
        // The statistics are younger than a day: they say nothing of one.
        expect((await check(24)).message).toMatch(/^The server keeps at most 17MB .*: when more than that is written/);
        await run(server(), "SELECT pg_stat_reset_shared('wal')");
        await run(
          server(),
          'CREATE TABLE kept.wide AS SELECT i, repeat(md5(i::text), 30) AS t FROM generate_series(1, 200000) i',
          'DROP TABLE kept.wide',
          'SELECT pg_sleep(1)',
          "SELECT pg_drop_replication_slot('tidemark')",
          "SELECT pg_create_logical_replication_slot('tidemark', 'pgoutput')",
        );
        // A session's own figures come a moment later.
        const written = 'SELECT (wal_bytes > 150000000)::text AS it FROM pg_stat_wal';
        await expect.poll(async () => (await run(server(), written))[0]!.it, { timeout: 20_000 }).toBe('true');
        // In as much time as that took, nine times the size may be written again.
        const took =
          'SELECT (extract(epoch FROM clock_timestamp() - stats_reset) / 3600)::float8 AS it FROM pg_stat_wal';
        const { succeeded, message = '' } = await check(Number((await run(server(), took))[0]!.it));
        expect(succeeded).toBe(false);
        expect(message).toMatch(
          /^The server keeps at most 17MB .*\. At what it has written on average \(pg_stat_wal\) that is the log of [\d.]+ seconds?, and two syncs are [\d.]+ seconds? apart \(sync_interval_hours\): .* Mend it with: ALTER SYSTEM SET max_slot_wal_keep_size = '\d+MB'; SELECT pg_reload_conf\(\);/,
        );
        await set('ALTER SYSTEM SET max_slot_wal_keep_size = -1', 'max_slot_wal_keep_size', '-1');
      });
    },
    { settings: { max_wal_size: '32MB', min_wal_size: '32MB' } },
  );
}
