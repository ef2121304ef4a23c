import { setTimeout as sleep } from 'node:timers/promises';
import { rows } from '@tidemark/source/testing';
import { expect, it } from 'vitest';
import { describeWith, mariadb, mysql, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { open as openMysql, run as runMysql } from '../mysql/server.js';
import { type Address, type Opened, open, type Reading, readAll, run } from '../reading.js';

/** Far more than the sockets of both sides keep. */
const ROWS = 40;
const WIDE = 1_000_000;
const READING = { page_bytes: 200_000, method: 'none' as const };

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}

/** Reads everything, and is held at its first page until this comes true. */
async function heldUntil({ connection }: Opened, isSo: () => Promise<boolean>): Promise<Reading> {
  return readAll(connection, {
    onPage: async (page) => {
      if (page === 1) await until(isSo);
    },
  });
}

function ids({ sent }: Reading): number[] {
  return rows(sent)
    .map(({ record }) => Number(record.id))
    .sort((a, b) => a - b);
}

const ALL = Array.from({ length: ROWS }, (_, i) => i + 1);

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'a view that is read whole', (server) => {
    const settings = (more = {}) => ({
      streams: [{ name: 'spooled', namespace: 'public' }],
      reading: { ...READING, ...more },
    });

    /** What our sessions are doing, those that do anything. */
    async function busy(): Promise<Record<string, unknown>[]> {
      return run(
        server(),
        `SELECT state, wait_event FROM pg_stat_activity
         WHERE application_name = 'tidemark' AND state IS DISTINCT FROM 'idle' AND backend_type = 'client backend'`,
      );
    }

    const make = () =>
      run(
        server(),
        'DROP VIEW IF EXISTS spooled',
        `CREATE VIEW spooled AS SELECT i AS id, repeat(E'\\\\\\t\\n🙂' || repeat('x', 93), ${WIDE / 100}) AS pad FROM generate_series(1, ${ROWS}) i`,
      );

    it('a destination that is held: no session of ours does anything, and every row comes', async () => {
      await make();
      const opened = await open(server(), settings());
      try {
        const reading = await heldUntil(opened, async () => (await busy()).length === 0);
        expect(reading.errors).toEqual([]);
        expect(ids(reading)).toEqual(ALL);
        const pad = `\\\t\n🙂${'x'.repeat(93)}`.repeat(WIDE / 100);
        expect(rows(reading.sent).every(({ record }) => record.pad === pad)).toBe(true);
        expect(opened.logs).toEqual([]);
      } finally {
        await opened.connection.close();
      }
    });

    it('without a spool the server waits', async () => {
      await make();
      const opened = await open(server(), settings({ spool_bytes: 0 }));
      try {
        const isWaiting = async () => (await busy()).some(({ wait_event }) => wait_event === 'ClientWrite');
        expect(ids(await heldUntil(opened, isWaiting))).toEqual(ALL);
      } finally {
        await opened.connection.close();
      }
    });

    it('an error of the server comes after the rows before it; a read that is broken off leaves nothing running', async () => {
      await run(
        server(),
        'DROP VIEW IF EXISTS spooled',
        `CREATE VIEW spooled AS SELECT i / (${ROWS} - i) AS broken, i AS id, repeat('x', ${WIDE}) AS pad FROM generate_series(1, 100) i`,
      );
      const opened = await open(server(), settings());
      try {
        const reading = await heldUntil(opened, async () => (await busy()).length === 0);
        expect(ids(reading)).toEqual(ALL.slice(0, -1));
        expect(reading.errors.map(({ message }) => message)).toEqual([
          expect.stringMatching(/^Reading public\.spooled failed\..*division by zero/),
        ]);
        await make();
        await readAll(opened.connection, {
          onPage: () => {
            throw new Error('the destination fails');
          },
        });
        await until(async () => (await busy()).length === 0);
      } finally {
        await opened.connection.close();
      }
    });
  });
}

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: a table without a key`, (server) => {
    const settings = (more = {}) => ({ streams: [{ name: 'spooled' }], reading: { ...READING, ...more } });

    /** What the server says of the statements that read it. */
    async function busy(address: Address): Promise<Record<string, unknown>[]> {
      const all = await runMysql(address, 'SHOW FULL PROCESSLIST');
      return all.filter(({ Info }) => /FROM .*`spooled`/.test(String(Info)));
    }

    const make = () =>
      runMysql(
        server(),
        'DROP TABLE IF EXISTS spooled',
        'CREATE TABLE spooled (id INT, pad LONGTEXT CHARACTER SET utf8mb4, raw VARBINARY(20), none INT)',
        ...ALL.map((id) => `INSERT INTO spooled VALUES (${id}, REPEAT('\t🙂', ${WIDE / 5}), x'00ff270a5c', NULL)`),
      );

    it('a destination that is held: the statement ends, and every row comes', async () => {
      await make();
      const opened = await openMysql(flavour, server(), settings());
      try {
        const reading = await heldUntil(opened, async () => (await busy(server())).length === 0);
        expect(reading.errors).toEqual([]);
        expect(ids(reading)).toEqual(ALL);
        const pad = '\t🙂'.repeat(WIDE / 5);
        for (const { record } of rows(reading.sent)) {
          expect(record.pad === pad).toBe(true);
          expect(record).toMatchObject({ raw: 'AP8nClw=', none: null });
        }
      } finally {
        await opened.connection.close();
      }
    });

    it('without a spool the server waits; a read that is broken off leaves nothing running', async () => {
      await make();
      const opened = await openMysql(flavour, server(), settings({ spool_bytes: 0 }));
      try {
        const isSending = async () => (await busy(server())).length > 0;
        expect(ids(await heldUntil(opened, isSending))).toEqual(ALL);
        await readAll(opened.connection, {
          onPage: async () => {
            await until(isSending);
            throw new Error('the destination fails');
          },
        });
        await until(async () => (await busy(server())).length === 0);
      } finally {
        await opened.connection.close();
      }
    });
  });
}
