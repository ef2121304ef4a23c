import type { Json } from '@tidemark/protocol';
import { beforeAll, expect, it } from 'vitest';
import * as servers from '../../../../scripts/servers/vitest.mjs';
import { mariadb, mysql } from '../../src/mysql/dialect.js';
import { readingSettings } from '../../src/reading-settings.js';
import { readLog } from '../log-reading.js';
import { context } from '../reading.js';
import { CURSOR, copy, follow, makeReplica, values } from './replica.js';
import { run } from './server.js';

for (const [flavour, kind] of [
  ['mysql', servers.mysql],
  ['mariadb', servers.mariadb],
] as const) {
  servers.describeWith(kind, `${flavour}: the order of changes`, (server) => {
    beforeAll(() => makeReplica(server()));

    it('gives every change a cursor of its own that rises, also within one statement', async () => {
      await run(
        server(),
        'CREATE TABLE moved (id INT PRIMARY KEY, n INT)',
        'INSERT INTO moved VALUES (1,1),(2,2),(3,3)',
      );
      const { connection } = await follow(flavour, server(), ['moved']);
      const load = await readLog(connection, { streams: ['moved'] });
      await run(
        server(),
        'UPDATE moved SET id = id + 1 ORDER BY id DESC',
        'BEGIN',
        `INSERT INTO moved VALUES ${Array.from({ length: 900 }, (_, i) => `(${i + 10}, NULL)`).join(',')}`,
        'DELETE FROM moved WHERE id > 20',
        'COMMIT',
        'UPDATE moved SET id = id - 1 ORDER BY id',
      );
      const changes = await readLog(connection, { after: load, streams: ['moved'] });
      expect(changes.errors).toEqual([]);
      const cursors = [...values(load, 'moved', CURSOR), ...values(changes, 'moved', CURSOR)].map((each) =>
        BigInt(each as number),
      );
      const ofLoad = new Set(cursors.slice(0, 3));
      expect(ofLoad.size).toBe(1);
      for (let i = 3; i < cursors.length; i++) expect(cursors[i]).toBeGreaterThan(cursors[i - 1]!);
      const truth = await run(server(), 'SELECT id, n FROM moved ORDER BY id');
      // Also where a destination looks at the cursor only, and not at the order in which the records came.
      const backwards = { ...changes, sent: [...changes.sent].reverse() };
      expect(copy([load, changes], 'moved')).toEqual(truth);
      expect(copy([load, backwards], 'moved')).toEqual(truth);
      const again = await readLog(connection, { after: load, streams: ['moved'] });
      expect(values(again, 'moved', CURSOR)).toEqual(values(changes, 'moved', CURSOR));
      await connection.close();
    });

    it('stays at its end, although more has come in the log meanwhile', async () => {
      await run(server(), 'CREATE TABLE busy (id INT PRIMARY KEY)', 'INSERT INTO busy VALUES (1)');
      const { host, port, database: name } = server();
      const database = await { mysql, mariadb }[flavour].open(
        { host, port, database: name, username: 'replica', password: 'replica-password' },
        readingSettings({ method: 'log' }),
        context(),
      );
      const tables = await database.tables([{ name: 'busy' }]);
      const log = database.log!();
      const from = await log.end();
      await run(server(), 'INSERT INTO busy VALUES (2)');
      const to = await log.end();
      await run(server(), ...Array.from({ length: 20 }, (_, i) => `INSERT INTO busy VALUES (${i + 3})`));
      const { signal } = new AbortController();
      const read = async (start: Json, end: Json) => {
        const ids: unknown[] = [];
        let position = start;
        for await (const batch of log.read(start, end, tables, { signal })) {
          for (const { records } of batch.changes) ids.push(...records.map(({ id }) => id));
          position = batch.position ?? position;
        }
        return { ids, position };
      };
      const first = await read(from, to);
      expect(first.ids).toEqual([2]);
      const rest = await read(first.position, await log.end());
      expect(rest.ids).toEqual(Array.from({ length: 20 }, (_, i) => i + 3));
      await log.close();
      await database.close();
    });
  });
}
