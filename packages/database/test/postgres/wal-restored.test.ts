import { appendFileSync, chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Server } from '../../../../scripts/servers/supervised.mjs';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { putBack, takeCopy } from '../disk-copy.js';
import { CURSOR, ids } from '../log-cases.js';
import { copy, type LogTranscript, readLog } from '../log-reading.js';
import { type Address, open, run } from '../reading.js';

/** One sync of the schema by a connection of its own, as each sync has one. */
async function sync(server: Address, name: string, after?: LogTranscript, reading: object = {}) {
  const settings = { method: 'log' as const, schemas: [name], ...reading };
  const { connection } = await open(server, {
    connection: { replication_slot: name, publication: name },
    reading: settings,
  });
  try {
    return await readLog(connection, { after });
  } finally {
    await connection.close();
  }
}

const makeSlot = (name: string): string => `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`;
const makeTable = (name: string): string[] => [
  `CREATE SCHEMA ${name}`,
  `CREATE TABLE ${name}.t (id int PRIMARY KEY)`,
  `INSERT INTO ${name}.t VALUES (1), (2)`,
  `CREATE PUBLICATION ${name} FOR TABLE ${name}.t`,
];
const truth = async (server: Address, name: string): Promise<number[]> =>
  (await run(server, `SELECT id FROM ${name}.t ORDER BY id`)).map(({ id }) => Number(id));

/** Recovery to the end of the log that is there, and then another timeline: what a restore to a moment does. */
function recover(data: string): void {
  appendFileSync(join(data, 'postgresql.auto.conf'), "restore_command = 'false'\n");
  writeFileSync(join(data, 'recovery.signal'), '');
  chmodSync(join(data, 'recovery.signal'), 0o666);
}

const isPrimary = async (server: Server): Promise<boolean> =>
  (await run(server, 'SELECT pg_is_in_recovery()::text AS standby'))[0]!.standby === 'false';

async function promoted(server: Server): Promise<void> {
  for (let tries = 0; tries < 300 && !(await isPrimary(server)); tries++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await isPrimary(server)).toBe(true);
}

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'a server that was restored to an earlier time', (server) => {
    /** Syncs, takes a copy of the files, goes on for a while, and goes back to the copy. */
    async function goneBack(name: string, prepare?: (data: string) => void): Promise<LogTranscript> {
      await run(server(), ...makeTable(name), makeSlot(name));
      const load = await sync(server(), name);
      await takeCopy(server());
      await run(
        server(),
        `INSERT INTO ${name}.t SELECT generate_series(100, 400)`,
        `DELETE FROM ${name}.t WHERE id = 1`,
      );
      const changes = await sync(server(), name, load);
      expect(changes.errors).toEqual([]);
      await putBack(server(), prepare);
      await promoted(server());
      return { ...changes, sent: [...load.sent, ...changes.sent] };
    }

    async function refusedThenLoaded(name: string, before: LogTranscript, why: RegExp): Promise<void> {
      const refused = await sync(server(), name, before);
      expect(refused.errors.join()).toMatch(why);
      expect([refused.kinds, refused.outcomes, ids(refused, 't')]).toEqual([['config'], { t: 'failed' }, []]);
      const again = await sync(server(), name, before, { on_lost_position: 'reload' });
      expect(again.errors).toEqual([]);
      const rows = [...before.sent, ...again.sent];
      expect(copy(rows, 't', CURSOR)).toEqual(await truth(server(), name));
      // It is followed again from there.
      await run(server(), `INSERT INTO ${name}.t VALUES (1007)`);
      const after = await sync(server(), name, again);
      expect(ids(after, 't')).toEqual([1007]);
    }

    it('is refused where its log ends before the position', async () => {
      const before = await goneBack('snapshot');
      await run(server(), 'INSERT INTO snapshot.t VALUES (3)');
      await refusedThenLoaded('snapshot', before, /The log cannot be gone on from: .*restored to an earlier time/);
    });

    it('is refused where its log has grown beyond the position, on another timeline', async () => {
      const before = await goneBack('moment', recover);
      await run(server(), 'INSERT INTO moment.t SELECT generate_series(3, 50)');
      for (let i = 0; i < 3; i++)
        await run(
          server(),
          "SELECT pg_logical_emit_message(false, 'x', repeat('y', 100000))",
          'SELECT pg_switch_wal()',
        );
      await refusedThenLoaded('moment', before, /The log cannot be gone on from: .*timeline/);
    });

    it('is gone on from where the other timeline begins behind the position: nothing was lost', async () => {
      const name = 'promoted';
      await run(server(), ...makeTable(name), makeSlot(name));
      const load = await sync(server(), name);
      await run(server(), `INSERT INTO ${name}.t VALUES (3)`);
      await takeCopy(server());
      await putBack(server(), recover);
      await promoted(server());
      await run(server(), `INSERT INTO ${name}.t VALUES (4)`);
      const changes = await sync(server(), name, load);
      expect([changes.errors, ids(changes, 't')]).toEqual([[], [3, 4]]);
      await run(server(), `INSERT INTO ${name}.t VALUES (5)`);
      expect(ids(await sync(server(), name, changes), 't')).toEqual([5]);
    });
  });

  describeWith(kind, 'another server in its place', (server) => {
    it('is refused, with the slot and without it, and then loaded', async () => {
      const name = 'moved';
      await run(server(), ...makeTable(name), makeSlot(name));
      const before = await sync(server(), name);
      const other = await kind.start();
      try {
        await run(other, ...makeTable(name), `INSERT INTO ${name}.t VALUES (30)`, `DELETE FROM ${name}.t WHERE id = 1`);
        for (const statements of [[], [makeSlot(name)]]) {
          await run(other, 'SELECT 1', ...statements);
          const refused = await sync(other, name, before);
          expect(refused.errors.join()).toContain('it was read from the cluster');
          expect([refused.outcomes, ids(refused, 't')]).toEqual([{ t: 'failed' }, []]);
        }
        const again = await sync(other, name, before, { on_lost_position: 'reload' });
        expect(again.errors).toEqual([]);
        expect(copy([...before.sent, ...again.sent], 't', CURSOR)).toEqual([2, 30]);
      } finally {
        await other.stop();
      }
    });
  });
}
