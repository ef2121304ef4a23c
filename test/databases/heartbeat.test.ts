import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabaseSource, type DatabaseSettings } from '@tidemark/database';
import type { JsonObject } from '@tidemark/protocol';
import { openDestination, type SyncResult, sync } from '@tidemark/sync';
import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, mariadb, postgres } from '../../scripts/servers/vitest.mjs';

let folder: string;
let files = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-heartbeat-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Syncs with the least patience that can be set. */
async function impatient(source: DatabaseSettings, config: JsonObject): Promise<SyncResult> {
  return sync({
    source: await createDatabaseSource(source),
    config,
    destination: await openDestination(`duckdb:${folder}/${++files}.duckdb`),
    connection: 'heartbeat',
    heartbeatSeconds: 1,
    retry: {},
  });
}

const told = ({ outcome, attempt, rows, errors }: SyncResult) => ({
  outcome,
  attempt,
  rows,
  errors: errors.map(({ message }) => message),
});

/** Passes everything on to a server, until a client has said a word: from then on its connection swallows what comes, once. */
async function swallowing(
  port: number,
  word: string,
): Promise<{ server: Server; port: number; swallowed: () => number }> {
  let swallowed = 0;
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    let hangs = false;
    client.on('data', (data) => {
      if (swallowed === 0 && data.includes(word)) {
        hangs = true;
        swallowed++;
      }
      if (!hangs) upstream.write(data);
    });
    upstream.on('data', (data) => hangs || client.write(data));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port, swallowed: () => swallowed };
}

describeWith(postgres, 'the heartbeat of a sync from PostgreSQL', (server) => {
  const slow = { name: 'slow', namespace: 'beats' };
  const config = (port = server().port): JsonObject => {
    const { host, database, user: username, password } = server();
    return { host, port, database, username, password, ssl_mode: 'disable' };
  };
  beforeAll(async () => {
    const client = new Client({ connectionString: server().url });
    await client.connect();
    await client.query('DROP SCHEMA IF EXISTS beats CASCADE');
    await client.query('CREATE SCHEMA beats');
    await client.query('CREATE VIEW beats.slow AS SELECT i AS id FROM generate_series(1, 3) AS i, pg_sleep(3)');
    await client.query('CREATE TABLE beats.rows AS SELECT i AS id FROM generate_series(1, 3) AS i');
    await client.end();
  });

  it('is heard while one statement lasts three times as long as its patience: whole, and page by page', async () => {
    for (const wish of [slow, { ...slow, order: ['id'] }]) {
      const result = await impatient({ dialect: 'postgres', streams: [wish], reading: { method: 'none' } }, config());
      expect(told(result)).toEqual({ outcome: 'complete', attempt: 1, rows: 3, errors: [] });
    }
  });

  it('ends when a connection hangs for longer than a statement may last, and the next attempt reads everything', async () => {
    const proxy = await swallowing(server().port, 'COPY');
    try {
      const streams = [{ name: 'rows', namespace: 'beats' }];
      const reading = { method: 'none' as const, statement_timeout_seconds: 1 };
      const result = await impatient({ dialect: 'postgres', streams, reading }, config(proxy.port));
      expect(proxy.swallowed()).toBe(1);
      expect(result).toMatchObject({ outcome: 'complete', attempt: 2, rows: 3 });
      expect(result.attempts[0]!.errors.map(({ message }) => message).join()).toContain(
        'no sign of life for 1 seconds',
      );
    } finally {
      proxy.server.close();
    }
  });
});

describeWith(mariadb, 'the heartbeat of a sync from MariaDB', (server) => {
  it('is heard while one statement lasts three times as long as its patience', async () => {
    const { host, port, database, user, password } = server();
    const client = await createConnection({ host, port, database, user, password });
    await client.query('CREATE OR REPLACE VIEW slow AS SELECT 1 AS id, SLEEP(3) AS slept');
    await client.end();
    const settings = { dialect: 'mariadb', streams: [{ name: 'slow' }], reading: { method: 'none' as const } };
    const result = await impatient(settings, { host, port, database, username: user, password });
    expect(told(result)).toEqual({ outcome: 'complete', attempt: 1, rows: 1, errors: [] });
  });
});
