import { beforeAll, expect, it } from 'vitest';
import type { Server } from '../../../../scripts/servers/supervised.mjs';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { putBack, takeCopy } from '../disk-copy.js';
import { type LogTranscript, readLog } from '../log-reading.js';
import type { Address } from '../reading.js';
import { CURSOR, copy, follow, makeReplica, values } from './replica.js';
import { run } from './server.js';

/** What a replica is told to be one of; the user comes by the log, too. */
const REPLICATE = {
  mysql: ({ port }: Server) => [
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${port}, SOURCE_USER = 'replica',
      SOURCE_PASSWORD = 'replica-password', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1`,
    'START REPLICA',
  ],
  mariadb: ({ port }: Server) => [
    `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${port}, MASTER_USER = 'replica',
      MASTER_PASSWORD = 'replica-password', MASTER_USE_GTID = slave_pos`,
    'START SLAVE',
  ],
};
const TAKE_OVER = { mysql: ['STOP REPLICA', 'RESET REPLICA ALL'], mariadb: ['STOP SLAVE', 'RESET SLAVE ALL'] };
const AS_REPLICA = {
  mysql: { 'server-id': 2 },
  mariadb: { 'server-id': 2, 'log-slave-updates': 'ON' },
};

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  /** One sync by a connection of its own, as each sync has one. */
  async function sync(server: Address, table: string, after?: LogTranscript, reading = {}): Promise<LogTranscript> {
    const { connection } = await follow(flavour, server, [table], reading);
    try {
      return await readLog(connection, { after, streams: [table] });
    } finally {
      await connection.close();
    }
  }

  const truth = (server: Address, table: string) => run(server, `SELECT id, n FROM ${table} ORDER BY id`);
  const make = (table: string) => [
    `CREATE TABLE ${table} (id INT PRIMARY KEY, n INT)`,
    `INSERT INTO ${table} VALUES (1, 0), (2, 0), (3, 0)`,
  ];

  async function refusedThenLoaded(server: Address, table: string, before: LogTranscript, why: RegExp) {
    const refused = await sync(server, table, before);
    expect(refused.errors.join()).toMatch(why);
    expect([refused.kinds, refused.outcomes, values(refused, table)]).toEqual([['config'], { [table]: 'failed' }, []]);
    const again = await sync(server, table, before, { on_lost_position: 'reload' });
    expect(again.errors).toEqual([]);
    expect(copy([before, again], table)).toEqual(await truth(server, table));
    // It is followed again from there.
    await run(server, `INSERT INTO ${table} VALUES (1007, 7)`, `DELETE FROM ${table} WHERE id = 2`);
    const after = await sync(server, table, again);
    expect(values(after, table).sort()).toEqual([1007, 2]);
  }

  describeWith(kind, `${flavour}: another server in the place of the one that was read`, (server) => {
    beforeAll(() => makeReplica(server()));

    it('is refused where it is a new one with the same tables, and then loaded', async () => {
      const table = 'moved';
      await run(server(), ...make(table), `UPDATE ${table} SET n = 1 WHERE id = 2`);
      const before = await sync(server(), table);
      // Without a number of its own: every server of MariaDB that nobody gave one is called 1.
      const other = await kind.start();
      try {
        await makeReplica(other);
        await run(other, ...make(table), `DELETE FROM ${table} WHERE id = 1`);
        // As long a log as the other's and longer: nothing but its name is different.
        for (let i = 0; i < 30; i++) await run(other, `UPDATE ${table} SET n = n + 1 WHERE id = 3`);
        await refusedThenLoaded(other, table, before, /The log cannot be gone on from: .*another (lineage|one)/);
      } finally {
        await other.stop();
      }
    });

    it('is gone on from where it is a replica that takes over', async () => {
      const table = 'replicated';
      await run(server(), ...make(table));
      const replica = await kind.start({ settings: AS_REPLICA[flavour] as Record<string, number> });
      try {
        await run(replica, ...REPLICATE[flavour](server() as Server));
        // Its files have higher numbers than the replica's will have.
        for (let i = 0; i < 5; i++) await run(server(), 'FLUSH BINARY LOGS');
        const load = await sync(server(), table);
        await run(server(), `UPDATE ${table} SET n = 5 WHERE id = 1`, `INSERT INTO ${table} VALUES (4, 4)`);
        const some = await sync(server(), table, load);
        // What the first server wrote last nobody has read from it.
        await run(server(), `INSERT INTO ${table} VALUES (5, 5)`, `DELETE FROM ${table} WHERE id = 2`);
        const wanted = await truth(server(), table);
        const has = async () => JSON.stringify(await truth(replica, table).catch(() => [])) === JSON.stringify(wanted);
        for (let tries = 0; tries < 200 && !(await has()); tries++) await new Promise((wait) => setTimeout(wait, 100));
        expect(await has()).toBe(true);
        await run(replica, ...TAKE_OVER[flavour], `UPDATE ${table} SET n = 6 WHERE id = 5`);
        const changes = await sync(replica, table, some);
        expect(changes.errors).toEqual([]);
        expect(values(changes, table)).toEqual([5, 2, 5]);
        expect(copy([load, some, changes], table)).toEqual(await truth(replica, table));
        // Later changes are later in the order of changes, too.
        const order = [some, changes].flatMap((each) => values(each, table, CURSOR) as bigint[]);
        expect(order).toEqual([...order].sort((a, b) => (a < b ? -1 : 1)));
        await run(replica, `INSERT INTO ${table} VALUES (8, 8)`);
        expect(values(await sync(replica, table, changes), table)).toEqual([8]);
      } finally {
        await replica.stop();
      }
    });

    it.each([1, 60])('is refused where it was restored to an earlier time and has written %i more', async (more) => {
      const table = `restored_${more}`;
      await run(server(), ...make(table));
      const load = await sync(server(), table);
      await takeCopy(server() as Server);
      for (let i = 10; i < 30; i++) await run(server(), `INSERT INTO ${table} VALUES (${i}, 1)`);
      await run(server(), `DELETE FROM ${table} WHERE id = 1`);
      const changes = await sync(server(), table, load);
      expect(changes.errors).toEqual([]);
      await putBack(server() as Server);
      for (let i = 0; i < more; i++)
        await run(server(), `INSERT INTO ${table} VALUES (${40 + 2 * i}, 4), (${41 + 2 * i}, 4)`);
      const before = { ...changes, sent: [...load.sent, ...changes.sent] };
      await refusedThenLoaded(server(), table, before, /The log cannot be gone on from: .*restored to an earlier time/);
    });
  });
}
