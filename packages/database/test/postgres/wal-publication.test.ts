import { expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { type LogTranscript, readLog } from '../log-reading.js';
import { open, run } from '../reading.js';

const ids = ({ sent }: LogTranscript, stream: string): unknown[] =>
  sent.flatMap((message) => (message.kind === 'record' && message.stream === stream ? [message.record.id] : []));

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'what the log must contain', (server) => {
    const prepare = (name: string, publication: string, ...statements: string[]) =>
      run(
        server(),
        `CREATE SCHEMA ${name}`,
        ...statements,
        `CREATE PUBLICATION ${name} ${publication}`,
        `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`,
      );
    const follow = (name: string, more: { streams?: { name: string; columns?: string[] }[] } = {}) =>
      open(server(), {
        connection: { replication_slot: name, publication: name },
        reading: { method: 'log', schemas: [name] },
        ...(more.streams ? { streams: more.streams.map((stream) => ({ namespace: name, ...stream })) } : {}),
      });
    const table = (name: string) => [
      `CREATE TABLE ${name} (id int PRIMARY KEY, v text)`,
      `INSERT INTO ${name} VALUES (1)`,
    ];

    it('a table outside of the publication fails by itself, and is loaded anew when it is back', async () => {
      await prepare('outside', 'FOR TABLE outside.a', ...table('outside.a'), ...table('outside.b'));
      const { connection } = await follow('outside');
      const first = await readLog(connection);
      expect(first.outcomes).toEqual({ a: 'complete', b: 'failed' });
      expect(first.kinds).toEqual(['config']);
      expect(first.errors.join()).toContain('Mend it with: ALTER PUBLICATION "outside" ADD TABLE "outside"."b";');
      expect(ids(first, 'b')).toEqual([]);
      await run(server(), 'ALTER PUBLICATION outside ADD TABLE outside.b');
      const second = await readLog(connection, { after: first });
      expect(second.outcomes).toEqual({ a: 'complete', b: 'complete' });
      expect([ids(second, 'a'), ids(second, 'b')]).toEqual([[], [1]]);
      // What happens while it is outside is in nobody's log: nothing of it may stay as it was.
      await run(server(), 'ALTER PUBLICATION outside DROP TABLE outside.b', 'UPDATE outside.b SET id = 2');
      const third = await readLog(connection, { after: second });
      expect(third.outcomes).toEqual({ a: 'complete', b: 'failed' });
      await run(server(), 'ALTER PUBLICATION outside ADD TABLE outside.b', 'INSERT INTO outside.a VALUES (7)');
      const fourth = await readLog(connection, { after: third });
      expect(fourth.outcomes).toEqual({ a: 'complete', b: 'complete' });
      expect([ids(fourth, 'a'), ids(fourth, 'b')]).toEqual([[7], [2]]);
      const ofB = fourth.sent.filter((each) => each.kind !== 'state' && each.stream === 'b');
      expect(ofB.map(({ kind: what }) => what)).toEqual(['restart', 'record']);
      expect(ids(await readLog(connection, { after: fourth }), 'b')).toEqual([]);
      await connection.close();
    });

    it('refuses a publication that leaves deletions out', async () => {
      await prepare('nodelete', "FOR ALL TABLES WITH (publish = 'insert, update')", ...table('nodelete.t'));
      const { connection } = await follow('nodelete');
      const read = await readLog(connection);
      expect(read.outcomes).toEqual({ t: 'failed' });
      const remedy = `ALTER PUBLICATION "nodelete" SET (publish = 'insert, update, delete, truncate');`;
      expect(read.errors.join()).toContain(remedy);
      const { succeeded, message } = await connection.check();
      expect(succeeded).toBe(false);
      expect(message).toContain(remedy);
      await run(server(), remedy);
      expect((await readLog(connection)).outcomes).toEqual({ t: 'complete' });
      await connection.close();
    });

    it('refuses row filters, column lists and generated columns that are wanted', async () => {
      await prepare(
        'parts',
        'FOR TABLE parts.rows WHERE (id > 1), parts.columns (id), parts.made, parts.whole',
        ...table('parts.rows'),
        ...table('parts.columns'),
        ...table('parts.whole'),
        'CREATE TABLE parts.made (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED)',
      );
      const { connection } = await follow('parts');
      const read = await readLog(connection);
      expect(read.outcomes).toEqual({ rows: 'failed', columns: 'failed', made: 'failed', whole: 'complete' });
      for (const said of ['sends some of its rows only', 'its columns v (a column list)', 'generated columns twice'])
        for (const where of [read.errors.join(), (await connection.check()).message]) expect(where).toContain(said);
      expect(ids(read, 'rows')).toEqual([]);
      await connection.close();
      const fewer = await follow('parts', {
        streams: [
          { name: 'columns', columns: ['id'] },
          { name: 'made', columns: ['id'] },
        ],
      });
      expect((await readLog(fewer.connection)).outcomes).toEqual({ columns: 'complete', made: 'complete' });
      await fewer.connection.close();
    });

    it('fails the tables of a partitioned one whose partitions are not all published', async () => {
      await prepare(
        'leaves',
        'FOR TABLE leaves.a',
        'CREATE TABLE leaves.t (id int PRIMARY KEY) PARTITION BY RANGE (id)',
        'CREATE TABLE leaves.a PARTITION OF leaves.t FOR VALUES FROM (0) TO (10)',
        'CREATE TABLE leaves.b PARTITION OF leaves.t FOR VALUES FROM (10) TO (20)',
        'INSERT INTO leaves.t VALUES (1), (11)',
      );
      const { connection } = await follow('leaves');
      const first = await readLog(connection);
      expect(first.errors.join()).toContain('ALTER PUBLICATION "leaves" ADD TABLE "leaves"."t";');
      await run(server(), 'ALTER PUBLICATION leaves ADD TABLE leaves.t');
      const second = await readLog(connection, { after: first });
      expect(second.outcomes).toEqual({ t: 'complete' });
      expect(ids(second, 't').sort()).toEqual([1, 11]);
      await connection.close();
    });
  });
}
