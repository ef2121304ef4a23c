import { beforeAll, expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { readLog } from '../log-reading.js';
import { copy, follow, makeReplica } from './replica.js';
import { run } from './server.js';

const ROWS = 20;

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: a table that changes while it is loaded`, (server) => {
    beforeAll(() => makeReplica(server()));

    /** Loads a table, while before each page something happens; what was sent makes the server's table. */
    async function loading(name: string, happens: (page: number) => string[]) {
      await run(
        server(),
        `CREATE TABLE ${name} (id INT PRIMARY KEY, n INT)`,
        `INSERT INTO ${name} VALUES ${Array.from({ length: ROWS }, (_, i) => `(${i * 10}, 0)`).join(',')}`,
      );
      const { connection, logs } = await follow(flavour, server(), [name]);
      let page = 0;
      const load = await readLog(connection, {
        streams: [name],
        onChanges: async () => {
          const statements = happens(page++);
          if (statements.length > 0) await run(server(), ...statements);
        },
      });
      expect([load.errors, load.outcomes]).toEqual([[], { [name]: 'complete' }]);
      const rest = await readLog(connection, { after: load, streams: [name] });
      const truth = await run(server(), `SELECT id, n FROM ${name} ORDER BY id`);
      expect(copy([load, rest], name)).toEqual(truth);
      await connection.close();
      return { load, logs, truth };
    }

    it('has the rows that were inserted, moved and deleted meanwhile as the server has them', async () => {
      const { truth } = await loading('busy', (page) =>
        page > 6
          ? []
          : [
              `INSERT INTO busy VALUES (${page * 10 + 1}, 1), (${190 - page * 10 - 3}, 2)`,
              // In front of what was read, behind it, and across.
              `UPDATE busy SET id = id + 105, n = 3 WHERE id = ${page * 10}`,
              `UPDATE busy SET id = ${page} + 2, n = 4 WHERE id = ${180 - page * 10}`,
              `DELETE FROM busy WHERE id IN (${page * 10 + 20}, ${150 - page * 10})`,
            ],
      );
      expect(truth.length).toBeGreaterThan(10);
    });

    it('is begun anew where it is emptied between two pages', async () => {
      const { logs, truth } = await loading('cleared', (page) =>
        page === 2 ? ['TRUNCATE TABLE cleared', 'INSERT INTO cleared VALUES (5, 5), (500, 5)'] : [],
      );
      expect(truth.map(({ id }) => id)).toEqual([5, 500]);
      expect(logs.join()).toContain('cleared is loaded anew: TRUNCATE TABLE of it is in the log');
    });
  });
}
