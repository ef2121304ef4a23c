import { createConnection } from 'mysql2/promise';
import { beforeAll, expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { BinlogLog } from '../../src/mysql/binlog-log.js';
import { Clients } from '../../src/mysql/clients.js';
import { parseMysqlConfig } from '../../src/mysql/config.js';
import { readingSettings } from '../../src/reading-settings.js';
import { type LogTranscript, lastState, readLog } from '../log-reading.js';
import { follow, makeReplica, values } from './replica.js';
import { type Flavour, run } from './server.js';

/** What a position may be behind: none of it is in the followed table. */
const BEHIND: Record<string, { statements: (t: string) => string[]; next?: (t: string) => string[]; only?: Flavour }> =
  {
    'DDL of others': {
      statements: (t) => [`CREATE TABLE ${t}_o (id INT)`, `ALTER TABLE ${t}_o ADD x INT`, `DROP TABLE ${t}_o`],
    },
    'accounts and empty files': {
      statements: (t) => [
        `CREATE USER '${t}'@'%' IDENTIFIED BY 'x'`,
        `DROP USER '${t}'@'%'`,
        'FLUSH BINARY LOGS',
        'FLUSH BINARY LOGS',
      ],
    },
    'tables without transactions': {
      statements: (t) => [
        `CREATE TABLE ${t}_m (id INT) ENGINE = MyISAM`,
        `INSERT INTO ${t}_m VALUES (1)`,
        `DROP TABLE ${t}_m`,
      ],
    },
    'XA transactions': {
      statements: (t) => [
        `CREATE TABLE ${t}_x (id INT PRIMARY KEY)`,
        ...[
          `XA START '${t}'`,
          `INSERT INTO ${t}_x VALUES (1)`,
          `XA END '${t}'`,
          `XA PREPARE '${t}'`,
          `XA COMMIT '${t}'`,
        ],
        `DROP TABLE ${t}_x`,
      ],
    },
    // As a replica has them that leaves some out.
    'transactions of another server, with gaps': {
      statements: (t) => [
        `CREATE TABLE IF NOT EXISTS ${t}_r (id INT)`,
        'SET SESSION server_id = 9, gtid_seq_no = 10000',
        `INSERT INTO ${t}_r VALUES (1)`,
        "SET GLOBAL gtid_slave_pos = '0-9-10000'",
      ],
      next: (t) => [
        'SET SESSION server_id = 9, gtid_seq_no = 10100',
        `INSERT INTO ${t}_r VALUES (2)`,
        'SET SESSION server_id = 1',
      ],
      only: 'mariadb',
    },
  };

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: a position of this very server`, (server) => {
    beforeAll(() => makeReplica(server()));
    const cases = Object.entries(BEHIND).filter(([, { only }]) => only === undefined || only === flavour);

    it.each(cases)('is gone on from behind %s', async (what, { statements, next }) => {
      const t = `behind_${what.replace(/\W/g, '_').slice(0, 20)}`;
      await run(server(), `CREATE TABLE ${t} (id INT PRIMARY KEY)`, `INSERT INTO ${t} VALUES (1)`);
      const sync = async (after?: LogTranscript) => {
        const { connection } = await follow(flavour, server(), [t]);
        const read = await readLog(connection, { after, streams: [t] });
        await connection.close();
        expect(read.errors).toEqual([]);
        return lastState(read) ? read : { ...read, sent: [...read.sent, ...after!.sent] };
      };
      const load = await sync();
      await run(server(), ...statements(t));
      const idle = await sync(load);
      await run(server(), ...(next?.(t) ?? []), `INSERT INTO ${t} VALUES (2)`);
      expect(values(await sync(idle), t)).toEqual([2]);
    });

    it('is gone on from where it was taken between other commits, whatever came between its place and its transactions', async () => {
      await run(server(), 'CREATE TABLE busy (id INT PRIMARY KEY AUTO_INCREMENT, v INT)');
      const { host, port, database, user, password } = server();
      const replica = { username: 'replica', password: 'replica-password' };
      const settings = readingSettings({ method: 'log' });
      const clients = new Clients(parseMysqlConfig({ host, port, database, ...replica }), settings);
      const log = new BinlogLog({ clients, settings, relations: () => [], warn: () => {} });
      let isOver = false;
      const writing = [1, 2, 3].map(async (v) => {
        const client = await createConnection({ host, port, user, password, database });
        while (!isOver) await client.query(`INSERT INTO busy (v) VALUES (${v})`);
        await client.end();
      });
      try {
        for (let i = 0; i < 60; i++) expect(await log.accept(await log.end())).toBeUndefined();
      } finally {
        isOver = true;
        await Promise.all(writing);
        await clients.close();
      }
    });
  });
}
