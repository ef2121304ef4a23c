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
      const check = async () => {
        const { connection } = await open(server(), { reading: { method: 'log', schemas: ['kept'] } });
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
        const { message = '' } = await check();
        expect(message).toContain('The server gives up a replication slot that is idle for 36h');
        const mend = 'ALTER SYSTEM SET idle_replication_slot_timeout = 0; SELECT pg_reload_conf();';
        expect(message).toContain(`Mend it with: ${mend}`);
        await set(mend, 'idle_replication_slot_timeout', '0');
        expect((await check()).message).not.toContain('idle');
      });
    },
    { settings: { max_wal_size: '32MB', min_wal_size: '32MB' } },
  );
}
