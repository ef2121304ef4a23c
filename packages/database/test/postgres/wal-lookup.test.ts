import { changesOf, type RecordData } from '@tidemark/source';
import { expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { type LogTranscript, readLog } from '../log-reading.js';
import { open, run } from '../reading.js';

/** About as long as a value that is kept out of line, and is not in the log of an update that does not touch it. */
const WIDE = "repeat('x', 5000)";

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'rows of which the log has not all', (server) => {
    const follow = async (schema: string, ...statements: string[]) => {
      await run(server(), `CREATE SCHEMA ${schema}`, `SET search_path = ${schema}`, ...statements);
      await run(
        server(),
        `CREATE PUBLICATION ${schema} FOR ALL TABLES`,
        `SELECT pg_create_logical_replication_slot('${schema}', 'pgoutput')`,
      );
      const { connection } = await open(server(), {
        connection: { replication_slot: schema, publication: schema },
        reading: { method: 'log', schemas: [schema] },
      });
      return connection;
    };
    const recordsOf = ({ sent, errors }: LogTranscript, name?: string): RecordData[] => {
      expect(errors).toEqual([]);
      return sent.flatMap((each) =>
        each.kind === 'record' && (name === undefined || each.stream.endsWith(name)) ? [each.record] : [],
      );
    };

    it('what was lost of a row is told with what cannot be looked up, each with its reason', async () => {
      const connection = await follow(
        'reasons',
        'CREATE TABLE t (id int PRIMARY KEY, n numeric, wide text, list numeric[])',
        'ALTER TABLE t ALTER wide SET STORAGE EXTERNAL, ALTER list SET STORAGE EXTERNAL',
        `INSERT INTO t SELECT i, 'NaN', ${WIDE}, array_fill('NaN'::numeric, ARRAY[2000]) FROM generate_series(1, 2) i`,
      );
      try {
        const load = await readLog(connection);
        await run(server(), 'UPDATE reasons.t SET id = id + 10', 'DELETE FROM reasons.t WHERE id = 12');
        const rows = recordsOf(await readLog(connection, { after: load }));
        const nulled = (field: string, what: string) => ({ field, change: 'NULLED', reason: `SOURCE_${what}_ERROR` });
        const told = rows.filter(({ _ab_cdc_deleted_at: at }) => at === null);
        expect(told.map(({ id }) => id)).toEqual([11, 12]);
        expect(told.map((row) => changesOf(row))).toEqual([
          [nulled('n', 'SERIALIZATION'), nulled('list', 'SERIALIZATION')],
          [nulled('n', 'SERIALIZATION'), nulled('wide', 'RETRIEVAL'), nulled('list', 'RETRIEVAL')],
        ]);
        expect(String(told[0]!.wide).length).toBe(5000);
      } finally {
        await connection.close();
      }
    });

    it('a row is deleted under its old key only where it got another', async () => {
      const connection = await follow(
        'keys',
        ...['whole', 'indexed', 'large'].map(
          (name) => `CREATE TABLE ${name} (id text, u int NOT NULL, v int, wide text, PRIMARY KEY (id))`,
        ),
        'ALTER TABLE whole REPLICA IDENTITY FULL',
        'CREATE UNIQUE INDEX indexed_u ON indexed (id, u)',
        'ALTER TABLE indexed REPLICA IDENTITY USING INDEX indexed_u',
        ...['whole', 'indexed', 'large'].map((name) => `ALTER TABLE ${name} ALTER wide SET STORAGE EXTERNAL`),
        // So that a key is kept out of line, too.
        'ALTER TABLE large ALTER id SET STORAGE EXTERNAL, SET (toast_tuple_target = 128)',
        `INSERT INTO whole SELECT i, i, 0, ${WIDE} FROM generate_series(1, 2) i`,
        `INSERT INTO indexed SELECT i, i, 0, ${WIDE} FROM generate_series(1, 2) i`,
        "INSERT INTO large VALUES (repeat('k', 2500), 1, 0, 'x')",
      );
      try {
        const load = await readLog(connection);
        await run(
          server(),
          'UPDATE keys.whole SET v = 1, u = u + 10',
          "UPDATE keys.whole SET id = '20' WHERE id = '2'",
          'UPDATE keys.indexed SET u = u + 10',
          "UPDATE keys.indexed SET id = '20', u = 0 WHERE id = '2'",
          'UPDATE keys.large SET v = 1',
        );
        const changes = await readLog(connection, { after: load });
        const seen = (name: string) =>
          recordsOf(changes, name).map(({ id, v, wide, _ab_cdc_deleted_at: at }) =>
            [
              String(id).slice(0, 3),
              at === null ? `${v} ${wide === null ? 'lost' : String(wide).length}` : 'gone',
            ].join(' '),
          );
        expect(seen('whole')).toEqual(['1 1 5000', '2 1 5000', '2 gone', '20 1 5000']);
        expect(seen('indexed')).toEqual(['1 0 5000', '2 0 lost', '2 gone', '20 0 5000']);
        expect(seen('large')).toEqual(['kkk 1 1']);
      } finally {
        await connection.close();
      }
    });
  });
}
