import { expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { follow, makeReplica } from './replica.js';
import { run } from './server.js';

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: how long the binlog is kept`, (server) => {
    it('fails the check where that is less than the time between two syncs, with the statement that mends it', async () => {
      await makeReplica(server());
      await run(server(), 'CREATE TABLE kept (id INT PRIMARY KEY)');
      const check = async (sync_interval_hours?: number) => {
        const { connection } = await follow(flavour, server(), ['kept'], { sync_interval_hours });
        try {
          const { succeeded, message = '' } = await connection.check();
          return { succeeded, kept: message.split('\n').filter((line) => line.includes('keeps its binlog')) };
        } finally {
          await connection.close();
        }
      };
      await run(server(), 'SET GLOBAL binlog_expire_logs_seconds = 36000');
      const failed = await check(12);
      expect(failed.succeeded).toBe(false);
      expect(failed.kept.join()).toMatch(
        /^The server keeps its binlog \(binlog_expire_logs_seconds\) for 10 hours, and two syncs are 12 hours apart/,
      );
      for (const hours of [undefined, 10, 6]) {
        const warned = await check(hours);
        expect(warned.succeeded).toBe(true);
        expect(warned.kept).toHaveLength(1);
      }
      expect(await check(5)).toEqual({ succeeded: true, kept: [] });
      const long = await check(100);
      expect(long.succeeded).toBe(false);
      const [, mend] = /Mend it with: (.*)$/.exec(long.kept[0]!)!;
      await run(server(), mend!);
      expect(await check(100)).toEqual({ succeeded: true, kept: [] });
      if (flavour === 'mysql') {
        // Days count where there are no seconds.
        await run(server(), 'SET GLOBAL binlog_expire_logs_seconds = 0', 'SET GLOBAL expire_logs_days = 2');
        const days = await check(72);
        expect(days.kept.join()).toContain('The server keeps its binlog (expire_logs_days) for 48 hours');
        expect(days.succeeded).toBe(false);
        const [, raise] = /Mend it with: (.*)$/.exec(days.kept[0]!)!;
        await run(server(), raise!);
        expect(await check(72)).toEqual({ succeeded: true, kept: [] });
        await run(server(), 'SET GLOBAL expire_logs_days = 0');
      } else await run(server(), 'SET GLOBAL binlog_expire_logs_seconds = 0');
      // For ever.
      expect(await check(1000)).toEqual({ succeeded: true, kept: [] });
    });
  });
}
