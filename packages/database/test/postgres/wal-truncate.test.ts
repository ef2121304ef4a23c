import { expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { CURSOR } from '../log-cases.js';
import { copy as copyOf, covered, type LogSent, type LogTranscript, lastState, readLog } from '../log-reading.js';
import { open, run } from '../reading.js';

const copy = (sent: readonly LogSent[], stream: string): number[] => copyOf(sent, stream, CURSOR);

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'TRUNCATE in the log', (server) => {
    const follow = async (name: string, ...statements: string[]) => {
      await run(
        server(),
        `CREATE SCHEMA ${name}`,
        ...statements,
        `CREATE PUBLICATION ${name} FOR ALL TABLES`,
        `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`,
      );
      return () =>
        open(server(), {
          connection: { replication_slot: name, publication: name },
          reading: { method: 'log', schemas: [name], page_rows: 3 },
        });
    };
    const truth = async (from: string): Promise<number[]> =>
      (await run(server(), `SELECT id FROM ${from} ORDER BY id`)).map(({ id }) => Number(id));

    it('takes back what was read, and reads anew what is there since', async () => {
      const make = await follow(
        'emptied',
        'CREATE TABLE emptied.t (id int PRIMARY KEY)',
        'CREATE TABLE emptied.other (id int PRIMARY KEY)',
        'INSERT INTO emptied.t SELECT generate_series(1, 8)',
        'INSERT INTO emptied.other VALUES (1)',
      );
      const { connection, logs } = await make();
      const load = await readLog(connection);
      await run(
        server(),
        'INSERT INTO emptied.t VALUES (9)',
        'BEGIN; DELETE FROM emptied.t WHERE id = 1; TRUNCATE emptied.t; INSERT INTO emptied.t VALUES (20), (21); COMMIT',
        'DELETE FROM emptied.t WHERE id = 20',
        'INSERT INTO emptied.other VALUES (2)',
      );
      const changes = await readLog(connection, { after: load });
      expect([changes.errors, changes.outcomes]).toEqual([[], { t: 'complete', other: 'complete' }]);
      expect(logs.join()).toContain('emptied.t is loaded anew: TRUNCATE of it');
      const all = [...load.sent, ...changes.sent];
      expect([copy(all, 't'), copy(all, 'other')]).toEqual([[21], [1, 2]]);
      expect(changes.sent.filter((each) => each.kind === 'restart')).toEqual([{ kind: 'restart', stream: 't' }]);
      await run(server(), 'TRUNCATE emptied.t');
      const nothing = await readLog(connection, { after: changes });
      expect(copy([...all, ...nothing.sent], 't')).toEqual([]);
      const idle = await readLog(connection, { after: nothing });
      expect(idle.sent.filter((each) => each.kind !== 'state')).toEqual([]);
      await connection.close();
    });

    it('goes on after a kill at any message', async () => {
      const make = await follow(
        'cut',
        'CREATE TABLE cut.t (id int PRIMARY KEY)',
        'INSERT INTO cut.t SELECT generate_series(1, 5)',
      );
      const { connection } = await make();
      let before: LogTranscript = await readLog(connection);
      let sent = [...before.sent];
      for (let killAfter = 0; killAfter < 12; killAfter++) {
        await run(
          server(),
          `INSERT INTO cut.t VALUES (${1000 + killAfter})`,
          'TRUNCATE cut.t',
          `INSERT INTO cut.t SELECT ${killAfter * 10} + i FROM generate_series(1, 5) i`,
          `DELETE FROM cut.t WHERE id = ${killAfter * 10 + 2}`,
        );
        const first = await readLog(connection, { after: before, killAfter });
        const kept = lastState(first) ? first : before;
        const second = await readLog(connection, { after: kept });
        expect(second.errors).toEqual([]);
        sent = [...sent, ...covered(first), ...second.sent];
        expect(copy(sent, 't')).toEqual(await truth('cut.t'));
        before = second;
      }
      await connection.close();
    });

    it('of a partition: its table is read anew', async () => {
      const make = await follow(
        'leaf',
        'CREATE TABLE leaf.t (id int PRIMARY KEY) PARTITION BY RANGE (id)',
        'CREATE TABLE leaf.a PARTITION OF leaf.t FOR VALUES FROM (0) TO (10)',
        'CREATE TABLE leaf.b PARTITION OF leaf.t FOR VALUES FROM (10) TO (20)',
        'INSERT INTO leaf.t VALUES (1), (2), (11)',
      );
      const { connection } = await make();
      const load = await readLog(connection, { streams: ['t'] });
      await run(server(), 'TRUNCATE leaf.a', 'INSERT INTO leaf.t VALUES (3)');
      const changes = await readLog(connection, { after: load, streams: ['t'] });
      expect(changes.errors).toEqual([]);
      expect(copy([...load.sent, ...changes.sent], 't')).toEqual([3, 11]);
      await connection.close();
    });
  });
}
