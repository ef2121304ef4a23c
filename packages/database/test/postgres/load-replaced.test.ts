import { committed, lastStates, rows, transcript } from '@tidemark/source/testing';
import { expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { open, readAll, run } from '../reading.js';

const ROWS = 60;
/** Messages between two kills. */
const STEP = 24;
const READING = { chunk_bytes: 8192, page_rows: 6 };

const create = (schema: string, n: number, count = ROWS): string[] => [
  `CREATE TABLE ${schema}.t (id int PRIMARY KEY, n int)`,
  `INSERT INTO ${schema}.t SELECT i * 10, ${n} FROM generate_series(0, ${count - 1}) i`,
];

/** What takes a table's rows away at once. The keys of the new ones are those of the old, lower or higher. */
const WAYS: Record<string, (schema: string) => string[]> = {
  TRUNCATE: (schema) => [`TRUNCATE ${schema}.t`],
  'TRUNCATE, then lower and higher keys': (schema) => [
    `TRUNCATE ${schema}.t`,
    `INSERT INTO ${schema}.t SELECT i * 10 + 5, 1 FROM generate_series(-30, 90) i`,
  ],
  'DROP and CREATE': (schema) => [`DROP TABLE ${schema}.t`, ...create(schema, 1)],
  'VACUUM FULL': (schema) => [`VACUUM FULL ${schema}.t`],
};

/** How it is read: the wishes of its stream. */
const ORDERS: Record<string, { order?: string[] }> = { 'by address': {}, 'by a declared order': { order: ['id'] } };

const pairs = (of: { record: Record<string, unknown> }[]): string[] =>
  of.map(({ record: { id, n } }) => `${id} ${n}`).sort();

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'a table that is replaced between two attempts', (server) => {
    const truth = async (schema: string) =>
      (await run(server(), `SELECT id, n FROM ${schema}.t`)).map(({ id, n }) => `${id} ${n}`).sort();
    const fresh = (schema: string, count = ROWS) =>
      run(server(), `DROP SCHEMA IF EXISTS ${schema} CASCADE`, `CREATE SCHEMA ${schema}`, ...create(schema, 0, count));

    for (const [how, wish] of Object.entries(ORDERS))
      for (const [what, statements] of Object.entries(WAYS))
        it(`${what}, read ${how}: killed after every k-th message, what is there is what comes`, async () => {
          const schema = 'replaced';
          for (let killAfter = 1; ; killAfter += STEP) {
            await fresh(schema);
            const settings = { streams: [{ name: 't', namespace: schema, ...wish }], reading: READING };
            const before = await open(server(), settings);
            const first = await transcript(before.connection.streams, { concurrency: 2, killAfter });
            await before.connection.close();
            if (lastStates(first.sent).get(`${schema}\0t`)?.phase === 'done') break;
            await run(server(), ...statements(schema));
            const { connection } = await open(server(), settings);
            const second = await transcript(connection.streams, { concurrency: 2, states: lastStates(first.sent) });
            await connection.close();
            expect(second.errors).toEqual([]);
            const kept = rows([...committed(first.sent), ...second.sent.filter((each) => each.kind !== 'state')]);
            expect(pairs(kept), `killed after ${killAfter} messages`).toEqual(await truth(schema));
          }
        });

    it('rewritten while it was read by address, then emptied when it was read by its key', async () => {
      const schema = 'twice';
      await fresh(schema, 3_000);
      const settings = {
        streams: [{ name: 't', namespace: schema }],
        reading: { chunk_bytes: 8192, page_rows: 200, method: 'none' as const },
      };
      const before = await open(server(), settings);
      const stop = new AbortController();
      const first = await readAll(before.connection, {
        concurrency: 1,
        signal: stop.signal,
        onPage: async (page) => {
          if (page === 3) await run(server(), `VACUUM FULL ${schema}.t`);
          if (page === 7) stop.abort();
        },
      });
      await before.connection.close();
      const state = lastStates(first.sent).get(`${schema}\0t`);
      const isByKey = JSON.stringify(state).includes('"kind":"key"');
      expect([state?.phase, isByKey]).toEqual(['loading', true]);
      await run(server(), ...WAYS['TRUNCATE, then lower and higher keys']!(schema));
      const { connection } = await open(server(), settings);
      const second = await readAll(connection, { states: lastStates(first.sent) });
      await connection.close();
      expect(second.errors).toEqual([]);
      const kept = rows([...committed(first.sent), ...second.sent.filter((each) => each.kind !== 'state')]);
      expect(pairs(kept)).toEqual(await truth(schema));
    });
  });
}
