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

    for (const [type, keys] of [
      ['int[]', ["'{1,2}'", "'{}'", "'[0:1]={3,NULL}'"]],
      ['numeric', ["'NaN'", "'1.50'", "'12345678901234567890.10'"]],
      ['float8', ["'-Infinity'", "'NaN'", '0.1']],
      ['timestamptz', ["'infinity'", "'0044-03-15 12:00:00+00 BC'", "'2024-01-02 03:04:05.6+02'"]],
      ['bytea', [`'\\x00ff'`, `'\\x'`]],
      ['lookups.pair', [`ROW(1, 'a"b')`, `ROW(2, E'c\\\\')`]],
      ['money', ["'-1234.5'"]],
      ['lookups.mood', ["'it''s'"]],
      ['char(4)', ["'a'"]],
      ['bit(3)', ["B'010'"]],
      ['interval', ["'1 mon -3 days'"]],
    ] as const) {
      it(`a key of type ${type} finds its row`, async () => {
        await run(server(), 'DROP SCHEMA IF EXISTS lookups CASCADE', 'DROP PUBLICATION IF EXISTS lookups');
        await run(
          server(),
          "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'lookups'",
        );
        const connection = await follow(
          'lookups',
          'CREATE TYPE lookups.pair AS (a int, b text)',
          "CREATE TYPE lookups.mood AS ENUM ('it''s')",
          `CREATE TABLE t (k ${type} PRIMARY KEY, i int, v int, wide text)`,
          'ALTER TABLE t ALTER wide SET STORAGE EXTERNAL',
          ...keys.map((each, i) => `INSERT INTO t VALUES (${each}, ${i}, 0, ${WIDE} || '${i}')`),
        );
        try {
          const load = await readLog(connection);
          await run(server(), 'UPDATE lookups.t SET v = 1');
          const rows = recordsOf(await readLog(connection, { after: load }));
          expect(rows.map(({ i, v, wide }) => [i, v, String(wide).slice(5000)])).toEqual(
            keys.map((_, i) => [i, 1, String(i)]),
          );
        } finally {
          await connection.close();
        }
      });
    }

    it('rows of several tables and columns are looked up together, and come in the order of the log', async () => {
      const connection = await follow(
        'many',
        'CREATE TABLE a (id int PRIMARY KEY, v int, w text, x text)',
        'CREATE TABLE b (id int PRIMARY KEY, v int, w text)',
        'ALTER TABLE a ALTER w SET STORAGE EXTERNAL, ALTER x SET STORAGE EXTERNAL',
        'ALTER TABLE b ALTER w SET STORAGE EXTERNAL',
        `INSERT INTO a SELECT i, 0, ${WIDE} || i, ${WIDE} || -i FROM generate_series(1, 300) i`,
        `INSERT INTO b SELECT i, 0, ${WIDE} || i FROM generate_series(1, 100) i`,
      );
      try {
        const load = await readLog(connection);
        await run(
          server(),
          `DO $$ BEGIN FOR i IN 1..300 LOOP
            UPDATE many.a SET v = i, w = CASE WHEN i % 3 = 0 THEN 'new' ELSE w END WHERE id = i;
            UPDATE many.b SET v = i WHERE id = (i - 1) % 100 + 1;
          END LOOP; END $$`,
        );
        const rows = recordsOf(await readLog(connection, { after: load }));
        const short = (text: unknown) => String(text).replace(/^x{5000}/, '');
        expect(rows.map(({ id, v, w, x }) => [id, v, short(w), short(x)].join(' '))).toEqual(
          Array.from({ length: 300 }, (_, i) => i + 1).flatMap((i) => {
            const b = ((i - 1) % 100) + 1;
            return [`${i} ${i} ${i % 3 === 0 ? 'new' : i} ${-i}`, `${b} ${i} ${b} undefined`];
          }),
        );
      } finally {
        await connection.close();
      }
    });

    it('a table that cannot be looked up is loaded anew by itself', async () => {
      const connection = await follow(
        'refused',
        "CREATE TYPE refused.mood AS ENUM ('sad', 'happy')",
        'CREATE TABLE good (id int PRIMARY KEY, v int, wide text)',
        'CREATE TABLE bad (id refused.mood PRIMARY KEY, v int, wide text)',
        'ALTER TABLE good ALTER wide SET STORAGE EXTERNAL',
        'ALTER TABLE bad ALTER wide SET STORAGE EXTERNAL',
        `INSERT INTO good SELECT i, 0, ${WIDE} FROM generate_series(1, 3) i`,
        `INSERT INTO bad VALUES ('sad', 0, ${WIDE}), ('happy', 0, ${WIDE})`,
      );
      try {
        const load = await readLog(connection);
        await run(
          server(),
          'UPDATE refused.bad SET v = 1',
          'UPDATE refused.good SET v = 1',
          // The log has the key as it was called then.
          "ALTER TYPE refused.mood RENAME VALUE 'sad' TO 'gloomy'",
        );
        const changes = await readLog(connection, { after: load });
        expect(recordsOf(changes, 'good').map(({ id, v, wide }) => [id, v, String(wide).length])).toEqual(
          [1, 2, 3].map((id) => [id, 1, 5000]),
        );
        expect(changes.sent.filter(({ kind }) => kind === 'restart')).toEqual([{ kind: 'restart', stream: 'bad' }]);
        const bad = recordsOf(changes, 'bad').map(({ id, v, wide }) => [id, v, String(wide).length].join(' '));
        expect(bad.sort()).toEqual(['gloomy 1 5000', 'happy 1 5000']);
        await run(server(), 'UPDATE refused.bad SET v = 2');
        const later = recordsOf(await readLog(connection, { after: changes }), 'bad');
        expect(later.map(({ id, v, wide }) => [id, v, String(wide).length].join(' '))).toEqual([
          'gloomy 2 5000',
          'happy 2 5000',
        ]);
      } finally {
        await connection.close();
      }
    });
  });
}
