import { beforeAll, expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { readLog, table } from '../log-reading.js';
import { CURSOR, follow, makeReplica, values } from './replica.js';
import { run } from './server.js';

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: every change whole in the binlog`, (server) => {
    beforeAll(() => makeReplica(server()));

    it('brings generated columns as the load does', async () => {
      await run(
        server(),
        'CREATE TABLE made (id INT PRIMARY KEY, v INT AS (id + 1) VIRTUAL, s INT AS (id + 2) STORED)',
        'INSERT INTO made (id) VALUES (1)',
      );
      const { connection } = await follow(flavour, server(), ['made']);
      const load = await readLog(connection, { streams: ['made'] });
      await run(server(), 'INSERT INTO made (id) VALUES (2)', 'UPDATE made SET id = 3 WHERE id = 1');
      const changes = await readLog(connection, { after: load, streams: ['made'] });
      expect(changes.errors).toEqual([]);
      const rows = table([...load.sent, ...changes.sent], 'made', CURSOR);
      expect([...rows.values()].map(({ id, v, s }) => [id, v, s]).sort()).toEqual([
        [2, 3, 4],
        [3, 4, 5],
      ]);
      await connection.close();
    });

    it('refuses a server whose log has not every change whole, and changes that are not', async () => {
      await run(server(), 'CREATE TABLE half (id INT PRIMARY KEY, n INT)', 'INSERT INTO half VALUES (1,1)');
      const { connection } = await follow(flavour, server(), ['half']);
      const only = { streams: ['half'] };
      const load = await readLog(connection, only);
      for (const [setting, value, whole] of [
        ['binlog_format', 'STATEMENT', 'ROW'],
        ['binlog_row_image', 'MINIMAL', 'FULL'],
      ]) {
        await run(server(), `SET GLOBAL ${setting} = '${value}'`);
        try {
          const refused = await readLog(connection, { after: load, ...only });
          expect(refused.outcomes).toEqual({ half: 'failed' });
          expect(refused.errors.join()).toContain(`Mend it with: SET GLOBAL ${setting} = '${whole}';`);
        } finally {
          await run(server(), `SET GLOBAL ${setting} = '${whole}'`);
        }
      }
      // A session may set it for itself.
      await run(server(), "SET SESSION binlog_row_image = 'MINIMAL'", 'UPDATE half SET n = 2');
      const image = await readLog(connection, { after: load, ...only });
      expect(image.errors.join()).toContain('a row of it has not all of its columns (binlog_row_image)');
      expect(values(image, 'half')).toEqual([]);
      const anew = await readLog(connection, only);
      await run(server(), "SET SESSION binlog_format = 'STATEMENT'", '/* by */ INSERT INTO half VALUES (2,2)');
      const statement = await readLog(connection, { after: anew, ...only });
      expect(statement.errors.join()).toContain('a change of it is there as a statement (binlog_format)');
      await connection.close();
    });
  });
}
