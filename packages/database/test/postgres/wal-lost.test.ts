import { expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { CURSOR } from '../log-cases.js';
import { copy, covered, type LogTranscript, lastState, readLog } from '../log-reading.js';
import { type Address, open, run } from '../reading.js';

const ids = ({ sent }: LogTranscript): unknown[] =>
  sent.flatMap((message) => (message.kind === 'record' ? [message.record.id] : []));

async function follow(server: Address, name: string, reading: object = {}) {
  const settings = { method: 'log' as const, schemas: [name], ...reading };
  return open(server, { connection: { replication_slot: name, publication: name }, reading: settings });
}

async function prepare(server: Address, name: string): Promise<void> {
  await run(
    server,
    `CREATE SCHEMA ${name}`,
    `CREATE TABLE ${name}.t (id int PRIMARY KEY)`,
    `INSERT INTO ${name}.t VALUES (1)`,
    `CREATE PUBLICATION ${name} FOR TABLE ${name}.t`,
    `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`,
  );
}

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'a log that is lost', (server) => {
    it('says that the server has removed what the slot had to read, and loads again behind a new one', async () => {
      const name = 'removed';
      await prepare(server(), name);
      const { connection } = await follow(server(), name);
      const load = await readLog(connection);
      await run(server(), `INSERT INTO ${name}.t VALUES (2)`);
      await run(server(), "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'", 'SELECT pg_reload_conf()');
      const status = async () =>
        (await run(server(), `SELECT wal_status AS s FROM pg_replication_slots WHERE slot_name = '${name}'`))[0]!.s;
      try {
        for (let tries = 0; tries < 20 && (await status()) !== 'lost'; tries++)
          await run(
            server(),
            "SELECT pg_logical_emit_message(false, 'x', 'y')",
            'SELECT pg_switch_wal()',
            'CHECKPOINT',
          );
        expect(await status()).toBe('lost');
        const read = await readLog(connection, { after: load });
        expect(read.kinds).toEqual(['config']);
        expect(read.errors.join()).toContain(`what the replication slot '${name}' had still to read`);
        expect(ids(read)).toEqual([]);
        expect((await connection.check()).message).toContain(`The replication slot '${name}' is lost`);
      } finally {
        await run(server(), 'ALTER SYSTEM RESET max_slot_wal_keep_size', 'SELECT pg_reload_conf()');
      }
      await connection.close();
      await run(
        server(),
        `SELECT pg_drop_replication_slot('${name}')`,
        `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`,
      );
      const again = await follow(server(), name, { on_lost_position: 'reload' });
      expect(ids(await readLog(again.connection, { after: load }))).toEqual([1, 2]);
      await again.connection.close();
    });

    it('is lost for every table that was read by it, and for none that was not', async () => {
      const name = 'shared';
      await prepare(server(), name);
      await run(
        server(),
        `CREATE TABLE ${name}.late (id int PRIMARY KEY)`,
        `INSERT INTO ${name}.late VALUES (7)`,
        `CREATE TABLE ${name}.other (id int PRIMARY KEY)`,
        `INSERT INTO ${name}.other VALUES (8)`,
        `ALTER PUBLICATION ${name} ADD TABLE ${name}.late, ${name}.other`,
      );
      const { connection } = await follow(server(), name);
      const load = await readLog(connection, { streams: ['t', 'other'] });
      await run(
        server(),
        `SELECT pg_drop_replication_slot('${name}')`,
        `DELETE FROM ${name}.t`,
        `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`,
      );
      const refused = await readLog(connection, { after: load, streams: ['t', 'late'] });
      expect(refused.errors.join()).toContain('The log cannot be gone on from');
      expect(refused.errors.join()).toContain('by `tidemark refresh CONNECTION --truncate`');
      // A table of which nothing was read has nothing to do with what the others have lost.
      const alone = await readLog(connection, { after: load, streams: ['late'] });
      expect([alone.errors, alone.outcomes, ids(alone)]).toEqual([[], { late: 'complete' }, [7]]);
      await connection.close();
      const again = await follow(server(), name, { on_lost_position: 'reload' });
      const reloaded = await readLog(again.connection, { after: load });
      expect(reloaded.errors).toEqual([]);
      const all = [...load.sent, ...reloaded.sent];
      // Nobody knows which of them have changed: all are taken back, what was never read is read.
      expect(new Set(reloaded.sent.flatMap((each) => (each.kind === 'restart' ? [each.stream] : [])))).toEqual(
        new Set(['t', 'other']),
      );
      expect(['t', 'other', 'late'].map((stream) => copy(all, stream, CURSOR))).toEqual([[], [8], [7]]);
      await again.connection.close();
    });

    it('loads again what is there, and nothing stays of what was deleted meanwhile, also after a kill at any message', async () => {
      const name = 'deleted';
      await prepare(server(), name);
      await run(
        server(),
        `INSERT INTO ${name}.t SELECT generate_series(2, 8)`,
        `CREATE TABLE ${name}.emptied (id int PRIMARY KEY)`,
        `INSERT INTO ${name}.emptied VALUES (1)`,
        `ALTER PUBLICATION ${name} ADD TABLE ${name}.emptied`,
      );
      const { connection } = await follow(server(), name, { on_lost_position: 'reload', page_rows: 3 });
      const load = await readLog(connection);
      await run(server(), `DELETE FROM ${name}.emptied`);
      let before = load;
      let sent = [...load.sent];
      for (let killAfter = 0; killAfter < 10; killAfter++) {
        await run(
          server(),
          `DELETE FROM ${name}.t WHERE id = (SELECT min(id) FROM ${name}.t)`,
          `INSERT INTO ${name}.t VALUES (${100 + killAfter})`,
          `SELECT pg_drop_replication_slot('${name}')`,
          `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`,
          `INSERT INTO ${name}.t VALUES (${200 + killAfter})`,
        );
        const first = await readLog(connection, { after: before, killAfter });
        const kept = lastState(first) ? first : before;
        await run(server(), `DELETE FROM ${name}.t WHERE id = ${200 + killAfter}`);
        const second = await readLog(connection, { after: kept });
        expect([second.errors, second.outcomes]).toEqual([[], { t: 'complete', emptied: 'complete' }]);
        sent = [...sent, ...covered(first), ...second.sent];
        expect(copy(sent, 't', CURSOR)).toEqual(
          (await run(server(), `SELECT id FROM ${name}.t ORDER BY id`)).map(({ id }) => Number(id)),
        );
        expect(copy(sent, 'emptied', CURSOR)).toEqual([]);
        before = second;
      }
      const idle = await readLog(connection, { after: before });
      expect(idle.sent.filter((each) => each.kind !== 'state')).toEqual([]);
      await connection.close();
    });

    it('never takes the position of another cluster for its own', async () => {
      const name = 'stranger';
      await prepare(server(), name);
      const { connection } = await follow(server(), name);
      const load = await readLog(connection);
      const state = structuredClone(lastState(load)!);
      const position = state.shared.position as { system: string; lsn: string };
      const after = (lsn: string): LogTranscript => ({
        ...load,
        sent: [
          {
            kind: 'state',
            state: { ...state, shared: { ...state.shared, position: { system: '7000000000000000000', lsn } } },
          },
        ],
      });
      for (const lsn of [position.lsn, '0/1', 'FFFFFFFF/FFFFFFFF']) {
        const read = await readLog(connection, { after: after(lsn) });
        expect(read.errors.join()).toContain('it was read from the cluster 7000000000000000000, and this is');
        expect([read.outcomes, ids(read)]).toEqual([{ t: 'failed' }, []]);
      }
      await connection.close();
    });
  });
}
