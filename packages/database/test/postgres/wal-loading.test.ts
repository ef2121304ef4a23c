import { expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { CURSOR } from '../log-cases.js';
import { covered, type LogTranscript, lastState, readLog, table } from '../log-reading.js';
import { open, run } from '../reading.js';

const ROWS = 20;

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'a table that changes while it is loaded and followed', (server) => {
    it.each(['whole', 'killed'])('%s: inserted, moved and deleted rows are as the server has them', async (how) => {
      const name = `busy_${how}`;
      await run(
        server(),
        `CREATE SCHEMA ${name}`,
        `CREATE TABLE ${name}.t (id int PRIMARY KEY, n int, filler text DEFAULT repeat('x', 900))`,
        `INSERT INTO ${name}.t SELECT i * 10, 0 FROM generate_series(0, ${ROWS - 1}) i`,
        `CREATE PUBLICATION ${name} FOR TABLE ${name}.t`,
        `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`,
      );
      const { connection } = await open(server(), {
        connection: { replication_slot: name, publication: name },
        reading: { method: 'log', schemas: [name], page_rows: 3, chunk_bytes: 8192 },
      });
      let page = 0;
      const onChanges = async () => {
        const at = page++;
        if (at > 6) return;
        await run(
          server(),
          `INSERT INTO ${name}.t VALUES (${at * 10 + 1}, 1), (${190 - at * 10 - 3}, 2)`,
          // In front of what was read, behind it, and across; a row that is read twice, by its old key and its new one.
          `UPDATE ${name}.t SET id = id + 1005, n = 3 WHERE id = ${at * 10}`,
          `UPDATE ${name}.t SET id = -${at} - 2, n = 4 WHERE id = ${180 - at * 10}`,
          `UPDATE ${name}.t SET n = n + 10 WHERE id % 3 = 0`,
          `DELETE FROM ${name}.t WHERE id IN (${at * 10 + 20}, ${150 - at * 10})`,
        );
      };
      const done: LogTranscript[] = [];
      let after: LogTranscript | undefined;
      if (how === 'killed') {
        for (let killAfter = 3; killAfter < 24; killAfter += 5) {
          const killed = await readLog(connection, { after, killAfter, onChanges });
          if (!lastState(killed)) continue;
          done.push({ ...killed, sent: covered(killed) });
          after = killed;
        }
      }
      const load = await readLog(connection, { after, onChanges });
      expect([load.errors, load.outcomes]).toEqual([[], { t: 'complete' }]);
      const rest = await readLog(connection, { after: load });
      await connection.close();
      expect(page).toBeGreaterThan(4);
      const sent = [...done, load, rest].flatMap((each) => each.sent);
      const got = [...table(sent, 't', CURSOR).values()].map(({ id, n }) => `${id} ${n}`).sort();
      const truth = (await run(server(), `SELECT id, n FROM ${name}.t`)).map(({ id, n }) => `${id} ${n}`).sort();
      expect(truth.length).toBeGreaterThan(10);
      expect(got).toEqual(truth);
    });
  });
}
