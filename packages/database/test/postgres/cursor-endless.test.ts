import { lastStates } from '@tidemark/source/testing';
import { expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { column, open, readAll, run } from '../reading.js';

type States = ReturnType<typeof lastStates>;

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'a cursor column with values that nothing comes after', (server) => {
    const sync = async (states?: States, stream: object = {}) => {
      const { connection, logs } = await open(server(), {
        streams: [{ name: 't', namespace: 'endless', cursor: 'c', ...stream }],
        reading: { page_rows: 2 },
      });
      try {
        const result = await readAll(connection, { mode: 'incremental', states });
        expect(result.errors).toEqual([]);
        return { ids: column(result, 'id'), states: lastStates(result.sent), logs: logs.join('\n') };
      } finally {
        await connection.close();
      }
    };
    const fresh = (type: string, ...statements: string[]) =>
      run(
        server(),
        'DROP SCHEMA IF EXISTS endless CASCADE',
        'CREATE SCHEMA endless',
        'SET search_path = endless',
        `CREATE TABLE t (id int PRIMARY KEY, c ${type}, v int)`,
        'CREATE INDEX ON t (c)',
        ...statements,
      );

    for (const [type, ends, value] of [
      ['date', ["'infinity'", "'-infinity'"], (i: number) => `date '2024-01-01' + ${i}`],
      ['timestamptz', ["'infinity'", "'-infinity'"], (i: number) => `timestamptz '2024-01-01' + ${i} * interval '1 h'`],
      ['timestamp', ["'-infinity'", "'infinity'"], (i: number) => `timestamp '2024-01-01' + ${i} * interval '1 h'`],
      ['numeric', ["'NaN'", "'Infinity'", "'-Infinity'"], (i: number) => `${i}.5`],
      ['numeric(10, 2)', ["'NaN'"], (i: number) => `${i}.5`],
      ['float8', ["'NaN'", "'Infinity'", "'-Infinity'"], (i: number) => `${i}.5`],
      ['real', ["'-Infinity'", "'NaN'"], (i: number) => `${i}.5`],
    ] as const) {
      it(`${type}: rows with ${ends.join(', ')} end nothing, and come once`, async () => {
        await fresh(type, ...ends.map((end, i) => `INSERT INTO t VALUES (${i + 1}, ${end})`));
        // Nothing to go on from but them.
        const loaded = await sync();
        expect(loaded.ids.length).toBe(ends.length);
        expect(loaded.logs).toContain("infinity or NaN in the cursor column 'c'");
        await run(server(), `INSERT INTO endless.t VALUES (10, ${value(1)}), (11, ${value(2)}), (12, ${ends[0]})`);
        const second = await sync(loaded.states);
        expect(second.ids).toEqual(['10', '11', '12']);
        expect((await sync(second.states)).ids).toEqual([]);
        await run(
          server(),
          `INSERT INTO endless.t VALUES (20, ${value(3)}), (21, ${ends.at(-1)})`,
          'UPDATE endless.t SET v = 1 WHERE id = 1',
        );
        const third = await sync(second.states);
        expect(third.ids).toEqual(['1', '20', '21']);
        expect(third.logs).toContain('endless.t: rows have an infinity or NaN');
        expect((await sync(third.states)).ids).toEqual([]);
      });
    }

    it('no word of it where there are none', async () => {
      await fresh('date', "INSERT INTO t VALUES (1, '2024-01-01')");
      expect((await sync()).logs).toBe('');
    });

    it('a state that stands at one reads the table again, once', async () => {
      await fresh('date', "INSERT INTO t VALUES (1, '2024-01-01'), (2, 'infinity')");
      const { states } = await sync();
      const [[key, state]] = [...states] as [[string, { then: { mark: object } }]];
      const mark = { ...state.then.mark, value: 'infinity', keys: [['2']] };
      await run(server(), "INSERT INTO endless.t VALUES (3, '2024-02-01')");
      const again = await sync(new Map([[key, { ...state, then: { ...state.then, mark } }]]) as unknown as States);
      expect(again.ids).toEqual(['1', '3']);
      expect(again.logs).toContain("the state is at 'infinity' of the cursor column 'c'");
      expect((await sync(again.states)).ids).toEqual([]);
    });

    it('a view, whose rows have no transactions: their keys are remembered', async () => {
      await fresh(
        'date',
        "INSERT INTO t VALUES (1, '2024-01-01'), (2, 'infinity')",
        'CREATE VIEW w AS SELECT * FROM t',
      );
      const view = { name: 'w', order: ['id', 'c'] };
      const loaded = await sync(undefined, view);
      expect(loaded.ids).toEqual(['1', '2']);
      await run(server(), "INSERT INTO endless.t VALUES (3, '2024-02-01'), (4, 'infinity')");
      const second = await sync(loaded.states, view);
      expect(second.ids).toEqual(['3', '4']);
      expect((await sync(second.states, view)).ids).toEqual([]);
    });
  });
}
