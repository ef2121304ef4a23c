import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '@tidemark/protocol';
import { expect, it } from 'vitest';
import { describeWith, mariadb, mysql, postgres } from '../../../scripts/servers/vitest.mjs';
import type { LogBatch } from '../src/log/change-log.js';
import { BinlogLog } from '../src/mysql/binlog-log.js';
import { binlogPosition } from '../src/mysql/binlog-position.js';
import { BinlogReader } from '../src/mysql/binlog-reader.js';
import { readCatalog as readMysql } from '../src/mysql/catalog.js';
import { Clients as MysqlClients } from '../src/mysql/clients.js';
import { parseMysqlConfig } from '../src/mysql/config.js';
import { readCatalog as readPostgres } from '../src/postgres/catalog.js';
import { Clients as PostgresClients } from '../src/postgres/clients.js';
import { parsePostgresConfig } from '../src/postgres/config.js';
import { walPosition } from '../src/postgres/wal-position.js';
import { WalReader } from '../src/postgres/wal-reader.js';
import { readingSettings } from '../src/reading-settings.js';
import { run as runMysql } from './mysql/server.js';
import { run as runPostgres } from './reading.js';

const MEBIBYTE = 1 << 20;
const ROWS = 24;
const BATCH_BYTES = 2 * MEBIBYTE;
const settings = readingSettings({ method: 'log', page_bytes: BATCH_BYTES });
const reading = { batchRows: settings.page_rows, batchBytes: BATCH_BYTES, warn: () => undefined };

/** Takes batches slowly, and looks at what waits meanwhile. */
async function slowly(reader: { heldBytes: number; batches(): AsyncIterable<LogBatch> }) {
  let rows = 0;
  let held = 0;
  for await (const { changes } of reader.batches()) {
    const records = changes.flatMap((each) => each.records);
    const bytes = records.reduce((sum, { pad }) => sum + String(pad ?? '').length, 0);
    expect(bytes).toBeLessThanOrEqual(BATCH_BYTES + MEBIBYTE);
    rows += records.length;
    if (bytes === 0) continue;
    // Time enough for the server to send all of it, if it was read on.
    for (let i = 0; i < 10; i++) {
      await sleep(20);
      held = Math.max(held, reader.heldBytes);
    }
  }
  expect(rows).toBe(ROWS);
  // What waits in batches, and one that is being filled.
  expect(held).toBeLessThanOrEqual(2 * (BATCH_BYTES + MEBIBYTE));
  expect(held).toBeGreaterThanOrEqual(MEBIBYTE);
}

for (const kind of [mysql, mariadb]) {
  describeWith(kind, 'wide rows in the binlog', (server) => {
    it('wait in bounded memory while they are not taken', async () => {
      await runMysql(server(), 'CREATE TABLE wide (id INT PRIMARY KEY, pad LONGTEXT)');
      const { host, port, database, user: username, password } = server();
      const config = parseMysqlConfig({ host, port, database, username, password });
      const clients = new MysqlClients(config, settings);
      const relations = await readMysql(clients, settings, [{ name: 'wide' }]);
      const log = new BinlogLog({ clients, settings, relations: () => relations, warn: reading.warn });
      const end = async () => binlogPosition(await log.end())!;
      const from = await end();
      for (let id = 0; id < ROWS; id++)
        await runMysql(server(), `INSERT INTO wide VALUES (${id}, REPEAT('x', ${MEBIBYTE}))`);
      const { signal } = new AbortController();
      await slowly(new BinlogReader({ clients, relations, from, to: await end(), signal, ...reading }));
      await clients.close();
    });
  });
}

describeWith(postgres, 'wide rows in the log', (server) => {
  it('wait in bounded memory while they are not taken', async () => {
    await runPostgres(
      server(),
      'CREATE SCHEMA wide',
      'CREATE TABLE wide.t (id int PRIMARY KEY, pad text)',
      'CREATE PUBLICATION wide FOR ALL TABLES',
      "SELECT pg_create_logical_replication_slot('wide', 'pgoutput')",
    );
    const { host, port, database, user: username, password } = server();
    const clients = new PostgresClients(parsePostgresConfig({ host, port, database, username, password }), settings);
    const end = async () => {
      const [row] = await runPostgres(
        server(),
        'SELECT system_identifier::text AS system, pg_current_wal_lsn()::text AS lsn FROM pg_control_system()',
      );
      return walPosition(row as Json)!;
    };
    const from = await end();
    for (let id = 0; id < ROWS; id++)
      await runPostgres(server(), `INSERT INTO wide.t VALUES (${id}, repeat('x', ${MEBIBYTE}))`);
    const { signal } = new AbortController();
    const tables = await readPostgres(clients, ['wide'], undefined);
    const slot = { slot: 'wide', publication: 'wide', isChosen: () => true };
    await slowly(new WalReader({ clients, ...slot, tables, from, to: await end(), signal, ...reading }));
    await clients.close();
  });
});
