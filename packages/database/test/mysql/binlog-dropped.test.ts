import { beforeAll, expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { readLog } from '../log-reading.js';
import { copy, follow, makeReplica } from './replica.js';
import { run } from './server.js';

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: a followed table that is gone`, (server) => {
    beforeAll(() => makeReplica(server()));

    for (const [what, gone] of [
      ['DROP', 'DROP TABLE leaving'],
      ['RENAME', 'RENAME TABLE leaving TO left_it'],
    ] as const) {
      it(`after ${what} fails by itself and says what to do, and the others go on`, async () => {
        await run(
          server(),
          'DROP TABLE IF EXISTS leaving, left_it, staying',
          'CREATE TABLE leaving (id INT PRIMARY KEY)',
          'CREATE TABLE staying (id INT PRIMARY KEY)',
          'INSERT INTO leaving VALUES (1)',
          'INSERT INTO staying VALUES (1)',
        );
        const names = ['leaving', 'staying'];
        const first = await follow(flavour, server(), names);
        const load = await readLog(first.connection, { streams: names });
        expect(load.errors).toEqual([]);
        await run(server(), 'INSERT INTO staying VALUES (2)', gone);
        // A sync that has seen the catalog before, and the next one.
        for (const connection of [first.connection, (await follow(flavour, server(), names)).connection]) {
          const changes = await readLog(connection, { after: load, streams: names });
          expect(changes.outcomes).toEqual({ leaving: 'failed', staying: 'complete' });
          expect(copy([load, changes], 'staying')).toEqual(await run(server(), 'SELECT id FROM staying ORDER BY id'));
          expect(changes.kinds).toEqual(['config']);
          expect(changes.errors.join()).toMatch(/leaving/);
          expect(changes.errors.join()).toContain('dropped or renamed');
          await connection.close();
        }
      });
    }
  });
}
