import { setTimeout as sleep } from 'node:timers/promises';
import type { GlobalState } from '@tidemark/source';
import { expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { type LogTranscript, readLog } from '../log-reading.js';
import { open, run } from '../reading.js';

const ROUNDS = 6;
const ids = ({ sent }: LogTranscript): number[] =>
  sent.flatMap((message) => (message.kind === 'record' ? [Number(message.record.id)] : []));
const lsnOf = (state: GlobalState): string => (state.shared.position as { lsn: string }).lsn;

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'a slot that moves while the log is read', (server) => {
    const follow = async (name: string, rows: number, reading: object = {}) => {
      await run(
        server(),
        `CREATE SCHEMA ${name}`,
        `CREATE TABLE ${name}.t (id int PRIMARY KEY, pad text)`,
        `INSERT INTO ${name}.t SELECT i, repeat('x', 1900) FROM generate_series(1, ${rows}) i`,
        `CREATE PUBLICATION ${name} FOR ALL TABLES`,
        `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`,
      );
      return open(server(), {
        connection: { replication_slot: name, publication: name },
        reading: { method: 'log', schemas: [name], page_rows: 20, concurrency: 1, ...reading },
      });
    };
    const ask = async (statement: string) => Object.values((await run(server(), statement))[0]!)[0];
    const confirmed = (name: string) =>
      ask(`SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = '${name}'`);
    const isBehind = (name: string, lsn: string) =>
      ask(`SELECT confirmed_flush_lsn <= '${lsn}'::pg_lsn FROM pg_replication_slots WHERE slot_name = '${name}'`);

    for (const [what, name, stored] of [
      ['follows what is stored', 'stored', (states: GlobalState[]) => states.at(-2)],
      ['stays where nobody says what is stored', 'silent', undefined],
    ] as const) {
      it(`during a first load: ${what}`, async () => {
        // A load is interrupted when its first page has waited: what comes behind it is the next round's.
        const { connection } = await follow(name, 60, { log_load_seconds: 0.4 });
        const before = await confirmed(name);
        const seen: (GlobalState | undefined)[] = [];
        const moved: unknown[] = [];
        const read = await readLog(connection, {
          onChanges: async () => {
            if (moved.length >= ROUNDS) return;
            moved.push(await confirmed(name));
            // Others write meanwhile, so that the log goes on.
            await run(server(), `INSERT INTO ${name}.t VALUES (${10_000 + moved.length})`);
            await sleep(500);
          },
          ...(stored
            ? {
                stored: (states: GlobalState[]) => {
                  seen.push(stored(states));
                  return seen.at(-1);
                },
              }
            : {}),
        });
        expect(read.errors).toEqual([]);
        expect(new Set(ids(read)).size).toBeGreaterThanOrEqual(60);
        if (!stored) {
          expect(await confirmed(name)).toBe(before);
          return;
        }
        expect(await confirmed(name)).not.toBe(before);
        const last = seen.findLast((state) => state !== undefined);
        expect(await isBehind(name, lsnOf(last!))).toBe(true);
        // Nothing that is not stored is forgotten: the log can be read from there.
        const after: LogTranscript = { sent: [{ kind: 'state', state: last! }], outcomes: {}, errors: [] };
        const again = await readLog(connection, { after });
        expect(again.errors).toEqual([]);
        expect(new Set(moved).size).toBeGreaterThan(1);
        await connection.close();
      }, 60_000);
    }

    for (const [status, settings, said] of [
      ['extended', { min_wal_size: '32MB', max_wal_size: '32MB' }, 'keeps more of its log than max_wal_size for the'],
      ['unreserved', { max_slot_wal_keep_size: '1MB' }, 'is about to be lost'],
    ] as const) {
      it(`says while the log is read that its slot is ${status}`, async () => {
        const name = `slot_${status}`;
        const { connection, logs } = await follow(name, 3);
        const found = () => ask(`SELECT wal_status FROM pg_replication_slots WHERE slot_name = '${name}'`);
        const load = await readLog(connection);
        await run(server(), `INSERT INTO ${name}.t SELECT 100 + i, 'x' FROM generate_series(1, 60) i`);
        const alter = async (what: (setting: string, value: string) => string) => {
          for (const [setting, value] of Object.entries(settings)) await run(server(), what(setting, value));
          await run(server(), 'SELECT pg_reload_conf()');
        };
        const grow = ["SELECT pg_logical_emit_message(false, 'x', 'y')", 'SELECT pg_switch_wal()'];
        let met: unknown;
        try {
          const read = await readLog(connection, {
            after: load,
            stored: (states) => states.at(-1),
            onChanges: async () => {
              if (met !== undefined) return;
              expect(logs.join()).not.toContain(said);
              await alter((setting, value) => `ALTER SYSTEM SET ${setting} = '${value}'`);
              await expect
                .poll(async () => {
                  // A checkpoint would remove what the slot has still to read.
                  await run(server(), ...grow, ...(status === 'extended' ? ['CHECKPOINT'] : []));
                  met = await found();
                  return met;
                })
                .toBe(status);
            },
          });
          expect([read.errors, met]).toEqual([[], status]);
          expect(logs.filter((each) => each.includes(said) && each.includes(`'${name}'`))).toHaveLength(1);
        } finally {
          await alter((setting) => `ALTER SYSTEM RESET ${setting}`);
        }
        await connection.close();
      }, 60_000);
    }
  });
}
