import { setTimeout as sleep } from 'node:timers/promises';
import { committed, lastStates, rows, transcript } from '@tidemark/source/testing';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { column, open, readAll, run } from '../reading.js';

type States = ReturnType<typeof lastStates>;

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'rows that come late for a cursor', (server) => {
    const streams = [{ name: 't', namespace: 'late', cursor: 'c' }];
    const settings = { streams, reading: { page_rows: 3 } };
    const sync = async (states?: States, stream: object = {}, reading = settings.reading) => {
      const { connection } = await open(server(), { reading, streams: [{ ...streams[0]!, ...stream }] });
      try {
        const result = await readAll(connection, { mode: 'incremental', states });
        expect(result.errors).toEqual([]);
        return { ids: column(result, 'id'), states: lastStates(result.sent) };
      } finally {
        await connection.close();
      }
    };
    const fresh = (type: string, ...statements: string[]) =>
      run(
        server(),
        'DROP SCHEMA IF EXISTS late CASCADE',
        'CREATE SCHEMA late',
        'SET search_path = late',
        `CREATE TABLE t (id int PRIMARY KEY, c ${type}, v int)`,
        'CREATE INDEX ON t (c)',
        ...statements,
      );
    const session = async () => {
      const client = new Client({ connectionString: server().url });
      await client.connect();
      return client;
    };

    for (const [type, low, high] of [
      ['timestamptz', 'now()', 'now()'],
      ['bigint', '5', '9'],
    ] as const) {
      it(`a transaction that was open during a sync brings its own rows of ${type}, and no others again`, async () => {
        await fresh(type, `INSERT INTO t VALUES (1, ${type === 'bigint' ? '1' : "now() - interval '1 hour'"})`);
        const loaded = await sync();
        const late = await session();
        try {
          await late.query(`BEGIN; INSERT INTO late.t VALUES (2, ${low})`);
          // A subtransaction has an id of its own, which no snapshot names, and which is younger than that of row 3.
          await run(server(), `INSERT INTO late.t VALUES (3, ${high})`);
          await late.query(`SAVEPOINT a; INSERT INTO late.t VALUES (4, ${low}); RELEASE a`);
          await run(server(), `INSERT INTO late.t VALUES (5, ${high})`);
          const during = await sync(loaded.states);
          expect(during.ids).toEqual(['3', '5']);
          expect((await sync(during.states)).ids).toEqual([]);
          await late.query('COMMIT');
          const after = await sync(during.states);
          expect(after.ids).toEqual(['2', '4']);
          expect((await sync(after.states)).ids).toEqual([]);
        } finally {
          await late.end();
        }
      });
    }

    it('a transaction whose id is younger than all that are over', async () => {
      await fresh('bigint', 'INSERT INTO t VALUES (1, 1)');
      const loaded = await sync();
      const [older, younger] = [await session(), await session()];
      try {
        await older.query('BEGIN; SELECT txid_current()');
        await younger.query('BEGIN; INSERT INTO late.t VALUES (2, 5)');
        await older.query('INSERT INTO late.t VALUES (3, 6); COMMIT');
        const during = await sync(loaded.states);
        expect(during.ids).toEqual(['3']);
        await younger.query('COMMIT');
        expect((await sync(during.states)).ids).toEqual(['2']);
      } finally {
        await older.end();
        await younger.end();
      }
    });

    it('a day that more rows come for, and rows of it that are written again', async () => {
      await fresh('date', 'INSERT INTO t SELECT i, current_date FROM generate_series(1, 7) i');
      const loaded = await sync();
      await run(server(), 'INSERT INTO late.t VALUES (8, current_date)', 'UPDATE late.t SET v = 1 WHERE id = 3');
      const second = await sync(loaded.states);
      expect(second.ids).toEqual(['3', '8']);
      expect((await sync(second.states)).ids).toEqual([]);
    });

    it('rows at the last number that an ALTER TABLE writes anew', async () => {
      await fresh('bigint', 'INSERT INTO t SELECT i, 5 FROM generate_series(1, 7) i');
      const loaded = await sync();
      await run(
        server(),
        'ALTER TABLE late.t ADD COLUMN w float8 DEFAULT random()',
        'INSERT INTO late.t VALUES (8, 5)',
      );
      const second = await sync(loaded.states);
      expect(second.ids).toEqual(['8']);
      expect((await sync(second.states)).ids).toEqual([]);
    });

    for (const [type, values] of [
      ['numeric', ['1.0', '1.00', '1', '2.5', '2.50', '2.500']],
      ['public.citext', ["'a'", "'A'", "'a'", "'b'", "'B'", "'b'"]],
      ['float8', ["'-0'", '0', "'-0'", '1', '1', '1.0']],
    ] as const)
      it(`rows of ${type} that are the same to the server, and no text`, async () => {
        const [first, other, again, next, nextOther, nextAgain] = values;
        await run(server(), 'CREATE EXTENSION IF NOT EXISTS citext SCHEMA public');
        await fresh(type, `INSERT INTO t VALUES (1, ${first}), (2, ${other})`);
        let { states, ids: got } = await sync();
        expect(got).toEqual(['1', '2']);
        for (const [insert, expected] of [
          [`(3, ${again})`, ['3']],
          [`(4, ${other})`, ['4']],
          [`(5, ${next}), (6, ${nextOther})`, ['5', '6']],
          [`(7, ${nextAgain})`, ['7']],
        ] as const) {
          await run(server(), `INSERT INTO late.t VALUES ${insert}`);
          ({ states, ids: got } = await sync(states));
          expect(got).toEqual(expected);
          expect((await sync(states)).ids).toEqual([]);
        }
      });

    it('killed after any of them: none is lost, none comes twice', async () => {
      await fresh('timestamptz', "INSERT INTO t VALUES (0, now() - interval '1 hour'), (1, 'infinity')");
      const loaded = await sync();
      const late = await session();
      const { connection } = await open(server(), settings);
      try {
        await late.query(`BEGIN; INSERT INTO late.t SELECT i, now() FROM generate_series(2, 12) i;
          INSERT INTO late.t SELECT i, 'infinity' FROM generate_series(13, 22) i`);
        await run(server(), 'INSERT INTO late.t VALUES (23, now())');
        const { states } = await sync(loaded.states);
        await late.query('COMMIT');
        await run(server(), 'INSERT INTO late.t SELECT i, now() FROM generate_series(24, 30) i');
        const expected = Array.from({ length: 29 }, (_, i) => i + 2).filter((id) => id !== 23);
        const whole = await transcript(connection.streams, { states });
        for (let killAfter = 0; killAfter < whole.sent.length; killAfter += 2) {
          const first = await transcript(connection.streams, { states, killAfter });
          const second = await transcript(connection.streams, {
            states: new Map([...states, ...lastStates(first.sent)]),
          });
          expect(second.errors).toEqual([]);
          const got = rows([...committed(first.sent), ...second.sent.filter((each) => each.kind !== 'state')]);
          expect(got.map(({ record }) => Number(record.id)).sort((a, b) => a - b)).toEqual(expected);
        }
      } finally {
        await connection.close();
        await late.end();
      }
    });

    it('by transaction ids, too', async () => {
      await fresh('int', 'INSERT INTO t VALUES (1, 1)');
      const stream = { cursor: undefined, method: 'xmin' };
      const loaded = await sync(undefined, stream);
      const late = await session();
      try {
        await late.query('BEGIN; SAVEPOINT a; INSERT INTO late.t VALUES (2, 5); RELEASE a');
        await run(server(), 'INSERT INTO late.t VALUES (3, 9)');
        const during = await sync(loaded.states, stream);
        expect(during.ids).toEqual(['3']);
        await late.query('COMMIT');
        expect((await sync(during.states, stream)).ids).toEqual(['2']);
      } finally {
        await late.end();
      }
    });

    it.each(['timestamptz', 'bigint'])(
      'rows of %s that are written all the time, several of one value: each once',
      async (type) => {
        const value = type === 'bigint' ? (tick: number) => `${tick}` : () => "date_bin('20 ms', now(), '2020-01-01')";
        await fresh(type, `INSERT INTO t VALUES (0, ${value(0)})`);
        let { states } = await sync();
        const writer = await session();
        let isOver = false;
        let count = 0;
        const write = async () => {
          for (let tick = 1; !isOver; tick++) {
            const rowsOf = Array.from({ length: 3 }, () => `(${++count}, ${value(Math.floor(tick / 3))})`);
            await writer.query(`INSERT INTO late.t VALUES ${rowsOf.join(', ')}`);
            await sleep(2);
          }
        };
        const writing = write();
        const got: string[] = [];
        try {
          for (let i = 0; i < 20; i++) {
            if (i === 19) {
              isOver = true;
              await writing;
            }
            const next = await sync(states, {}, { page_rows: 40 });
            got.push(...next.ids);
            states = next.states;
          }
        } finally {
          isOver = true;
          await writing;
          await writer.end();
        }
        expect(got.map(Number).sort((x, y) => x - y)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
      },
    );

    it('a state that names nothing but the oldest open transaction', async () => {
      await fresh('timestamptz', "INSERT INTO t VALUES (1, now() - interval '1 hour')");
      const loaded = await sync();
      await run(server(), 'INSERT INTO late.t VALUES (2, now())');
      const second = await sync(loaded.states);
      const [[key, state]] = [...second.states] as [[string, { then: { mark: object } }]];
      const { next: _next, open: _open, ...mark } = state.then.mark as Record<string, string>;
      const old = new Map([[key, { ...state, then: { ...state.then, mark } }]]);
      await run(server(), "INSERT INTO late.t VALUES (3, now() - interval '20 seconds')");
      expect((await sync(old as unknown as States)).ids).toContain('3');
    });
  });
}
