import type { RecordData } from '@tidemark/source';
import { expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { CURSOR } from '../log-cases.js';
import { covered, type LogSent, type LogTranscript, lastState, readLog, table } from '../log-reading.js';
import { type Address, open, run } from '../reading.js';

/** What happens to the table `t (id, a, b, n)` while changes of before are still in the log, and whether it is loaded anew. */
const CASES: Record<string, { statements: string[]; columns: string; isAnew: boolean }> = {
  dropped: { statements: ['ALTER TABLE t DROP COLUMN a'], columns: 'id, b, n', isAnew: false },
  added: { statements: ['ALTER TABLE t ADD COLUMN c text'], columns: 'id, a, b, n, c', isAnew: false },
  defaulted: {
    statements: ["ALTER TABLE t ADD COLUMN c text DEFAULT 'new'"],
    columns: 'id, a, b, n, c',
    isAnew: true,
  },
  renamed: { statements: ['ALTER TABLE t RENAME COLUMN a TO c'], columns: 'id, c, b, n', isAnew: true },
  swapped: {
    statements: ['ALTER TABLE t DROP COLUMN a', 'ALTER TABLE t ADD COLUMN c int DEFAULT 7'],
    columns: 'id, b, n, c',
    isAnew: true,
  },
  typed: { statements: ['ALTER TABLE t ALTER a TYPE bigint USING a * 100'], columns: 'id, a, b, n', isAnew: true },
  lengthened: { statements: ['ALTER TABLE t ALTER b TYPE varchar(90)'], columns: 'id, a, b, n', isAnew: false },
  rounded: { statements: ['ALTER TABLE t ALTER n TYPE numeric(9,0)'], columns: 'id, a, b, n', isAnew: true },
  replaced: {
    statements: ['DROP TABLE t', 'CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(50), n numeric(9,2))'],
    columns: 'id, a, b, n',
    isAnew: true,
  },
};

/** A row's text with its number as records have it: without zeros at the end of its digits. */
const shortNumber = (row: string): string => row.replace(/(\.\d*?)0+(?=\||$)/, '$1').replace(/\.(?=\||$)/, '');

/** The rows that a destination has, of columns as texts. */
function rowsOf(sent: readonly LogSent[], columns: readonly string[]): string[] {
  const from = sent.findLastIndex((each) => each.kind === 'restart' && each.stream === 't');
  const text = (record: RecordData): string =>
    columns.map((column) => (record[column] == null ? '-' : String(record[column]))).join('|');
  return [...table(sent.slice(from + 1), 't', CURSOR).values()].map(text).map(shortNumber).sort();
}

type ReadOptions = Parameters<typeof readLog>[1];

/** Reads the schema, whose slot and publication have its name, from a catalog as it is now. */
async function readOf(address: Address, name: string, options: ReadOptions): Promise<LogTranscript> {
  const { connection } = await open(address, {
    connection: { replication_slot: name, publication: name },
    reading: { method: 'log', schemas: [name], page_rows: 3 },
  });
  const transcript = await readLog(connection, options);
  await connection.close();
  return transcript;
}

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'a table that is altered while changes of before are in the log', (server) => {
    for (const [name, { statements, columns, isAnew }] of Object.entries(CASES)) {
      it(`${name}: the rows are the server’s, also after kills`, async () => {
        const inSchema = (...list: string[]) => run(server(), `SET search_path = ${name}`, ...list);
        await run(server(), `CREATE SCHEMA ${name}`);
        await inSchema(
          'CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(50), n numeric(9,2))',
          "INSERT INTO t SELECT i, i, 'b' || i, i + 0.25 FROM generate_series(1, 5) i",
          `CREATE PUBLICATION ${name} FOR ALL TABLES`,
          `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`,
        );
        const read = (options: ReadOptions) => readOf(server(), name, options);
        const load = await read({});
        await inSchema(
          "UPDATE t SET b = b || '!', a = a + 10",
          'DELETE FROM t WHERE id = 2',
          "INSERT INTO t VALUES (6, 60, 'six', 6.5)",
          ...statements,
          'DELETE FROM t WHERE id = 3',
          'UPDATE t SET b = NULL WHERE id = 4',
          "INSERT INTO t (id, b) VALUES (7, 'seven')",
        );
        const names = columns.split(', ');
        const shown = names.map((column) => `coalesce(${column}::text, '-')`).join(', ');
        const truth = (await inSchema(`SELECT concat_ws('|', ${shown}) AS row FROM t`)).map(({ row }) => String(row));
        let last = load;
        const sent: LogSent[] = [];
        for (const killAfter of [2, 5, 4, 3, Number.POSITIVE_INFINITY]) {
          const next = await read({ after: last, killAfter });
          expect(next.errors).toEqual([]);
          sent.push(...covered(next));
          if (lastState(next)) last = next;
        }
        expect(last.outcomes).toEqual({ t: 'complete' });
        expect(sent.some(({ kind }) => kind === 'restart')).toBe(isAnew);
        expect(rowsOf([...load.sent, ...sent], names)).toEqual(truth.map(shortNumber).sort());
      });
    }

    it('made again, with nothing of before in the log: the rows are the server’s', async () => {
      const inSchema = (...list: string[]) => run(server(), 'SET search_path = again', ...list);
      const create = 'CREATE TABLE t (id int PRIMARY KEY, a int)';
      await run(server(), 'CREATE SCHEMA again');
      await inSchema(
        create,
        'INSERT INTO t SELECT i, i FROM generate_series(1, 5) i',
        'CREATE PUBLICATION again FOR ALL TABLES',
        "SELECT pg_create_logical_replication_slot('again', 'pgoutput')",
      );
      const load = await readOf(server(), 'again', {});
      await inSchema('DROP TABLE t', create, 'INSERT INTO t VALUES (3, 30), (9, 90)');
      const next = await readOf(server(), 'again', { after: load });
      expect(next.errors).toEqual([]);
      expect(next.outcomes).toEqual({ t: 'complete' });
      expect(rowsOf([...load.sent, ...next.sent], ['id', 'a'])).toEqual(['3|30', '9|90']);
      await inSchema('DELETE FROM t WHERE id = 3');
      const last = await readOf(server(), 'again', { after: next });
      expect(last.sent.some(({ kind }) => kind === 'restart')).toBe(false);
      expect(rowsOf([...load.sent, ...next.sent, ...last.sent], ['id', 'a'])).toEqual(['9|90']);
    });
  });
}
