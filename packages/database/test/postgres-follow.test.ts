import { committed, lastStates, rows, transcript } from '@tidemark/source/testing';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { describeWith, postgres } from '../../../scripts/servers/vitest.mjs';
import { type Address, column, open, readAll, run } from './reading.js';

const reading = { page_rows: 7 };

async function fresh(server: Address, schema: string, ...statements: string[]): Promise<void> {
  await run(server, `DROP SCHEMA IF EXISTS ${schema} CASCADE`, `CREATE SCHEMA ${schema}`);
  await run(server, `SET search_path = ${schema}`, ...statements);
}

const TABLE = (type: string, key = 'PRIMARY KEY') => [
  `CREATE TABLE t (id int ${key}, c ${type}, v int DEFAULT 0)`,
  'CREATE INDEX ON t (c)',
];

async function ids(server: Address, statement: string): Promise<string[]> {
  return (await run(server, statement)).map((row) => String(Object.values(row)[0])).sort();
}

/** A transaction of its own; rolled back when what is done meanwhile fails. */
async function meanwhile(server: Address, statements: string[], act: (commit: () => Promise<void>) => Promise<void>) {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  try {
    for (const statement of ['BEGIN', ...statements]) await client.query(statement);
    await act(async () => void (await client.query('COMMIT')));
  } finally {
    await client.end();
  }
}

describeWith(postgres, 'following by a cursor column', (server) => {
  const settings = { streams: [{ name: 't', namespace: 'follow', cursor: 'c' }], reading };
  const sync = async (states?: Awaited<ReturnType<typeof lastStates>>, more: object = {}) => {
    const { connection } = await open(server(), { ...settings, ...more });
    try {
      const result = await readAll(connection, { mode: 'incremental', states });
      expect(result.errors).toEqual([]);
      return { ids: column(result, 'id'), states: lastStates(result.sent), sent: result.sent };
    } finally {
      await connection.close();
    }
  };

  it('loads first, then gives what is new, and equal values neither twice nor never', async () => {
    await fresh(
      server(),
      'follow',
      ...TABLE('timestamptz'),
      `INSERT INTO t SELECT i, '2024-01-01'::timestamptz + (i / 10) * interval '1 hour' FROM generate_series(1, 100) i`,
    );
    const first = await sync();
    expect(first.ids.length).toBe(100);
    expect(first.states.get('follow\u0000t')).toMatchObject({ phase: 'streaming', then: { kind: 'cursor' } });
    const idle = await sync(first.states);
    expect(idle.ids).toEqual([]);
    await run(
      server(),
      `INSERT INTO follow.t SELECT i, '2024-01-01'::timestamptz + 10 * interval '1 hour' FROM generate_series(101, 120) i`,
      `INSERT INTO follow.t VALUES (121, '2024-06-01')`,
    );
    const second = await sync(idle.states);
    expect(second.ids).toEqual(Array.from({ length: 21 }, (_, i) => String(101 + i)).sort());
    expect((await sync(second.states)).ids).toEqual([]);
  });

  it('killed after every row of a delta with many equal values: goes on with nothing lost', async () => {
    await fresh(server(), 'follow', ...TABLE('date'), `INSERT INTO t VALUES (0, '2024-01-01')`);
    const { states } = await sync();
    await run(server(), `INSERT INTO follow.t SELECT i, date '2024-01-02' + (i / 15) FROM generate_series(1, 60) i`);
    const { connection } = await open(server(), settings);
    try {
      const whole = await transcript(connection.streams, { states });
      for (let killAfter = 0; killAfter < whole.sent.length; killAfter += 3) {
        const first = await transcript(connection.streams, { states, killAfter });
        const second = await transcript(connection.streams, {
          states: new Map([...states, ...lastStates(first.sent)]),
        });
        expect(second.errors).toEqual([]);
        const got = rows([...committed(first.sent), ...second.sent.filter((each) => each.kind !== 'state')]);
        expect(got.map(({ record }) => Number(record.id)).sort((a, b) => a - b)).toEqual(
          Array.from({ length: 60 }, (_, i) => i + 1),
        );
      }
    } finally {
      await connection.close();
    }
  });

  for (const [type, value] of [
    ['timestamptz', 'now()'],
    ['bigint', '5'],
    ['timestamp', 'now()'],
  ] as const) {
    it(`a transaction that was open during a sync and commits a lower value of ${type} after it`, async () => {
      await fresh(server(), 'follow', ...TABLE(type));
      const base = type === 'bigint' ? '1' : `now() - interval '1 hour'`;
      await run(server(), `INSERT INTO follow.t VALUES (1, ${base})`);
      const loaded = await sync();
      const late = ['SAVEPOINT a', `INSERT INTO follow.t VALUES (2, ${value})`, 'RELEASE a'];
      await meanwhile(server(), late, async (commit) => {
        await run(server(), `INSERT INTO follow.t VALUES (3, ${type === 'bigint' ? '9' : 'now()'})`);
        const during = await sync(loaded.states);
        expect(during.ids).toEqual(['3']);
        await commit();
        const after = await sync(during.states);
        expect(after.ids).toContain('2');
        const idle = await sync(after.states);
        expect(idle.ids).not.toContain('1');
      });
    });
  }

  it('a transaction that was open during the load', async () => {
    await fresh(server(), 'follow', ...TABLE('timestamptz'), `INSERT INTO t VALUES (1, now())`);
    await meanwhile(server(), ['INSERT INTO follow.t VALUES (2, now())'], async (commit) => {
      await run(server(), `INSERT INTO follow.t VALUES (3, now())`);
      const first = await sync();
      expect(first.ids).toEqual(['1', '3']);
      await commit();
      expect((await sync(first.states)).ids).toContain('2');
    });
  });

  it('a table without a key repeats the rows of the last value, and loses none', async () => {
    await fresh(
      server(),
      'follow',
      ...TABLE('int', ''),
      `INSERT INTO t SELECT i, i / 20 FROM generate_series(1, 100) i`,
    );
    const first = await sync();
    await run(server(), 'INSERT INTO follow.t VALUES (200, 5), (201, 6)');
    const second = await sync(first.states);
    expect(second.ids).toEqual(['100', '200', '201']);
  });

  it('a table that others inherit from, and a view with an order of its own', async () => {
    await fresh(
      server(),
      'follow',
      ...TABLE('int'),
      'CREATE TABLE child (PRIMARY KEY (id)) INHERITS (t)',
      'CREATE INDEX ON child (c)',
      'INSERT INTO t SELECT i, i FROM generate_series(1, 50) i',
      'INSERT INTO child SELECT i, i FROM generate_series(41, 90) i',
      'CREATE VIEW v AS SELECT * FROM t',
    );
    const first = await sync();
    expect(first.ids.length).toBe(100);
    const view = { streams: [{ name: 'v', namespace: 'follow', cursor: 'c', order: ['id', 'v'] }] };
    const seen = await sync(undefined, { ...view, streams: [{ ...view.streams[0]!, order: ['id', 'c', 'v'] }] });
    expect(seen.ids.length).toBeGreaterThan(0);
    await run(server(), 'INSERT INTO follow.child VALUES (100, 200)', 'INSERT INTO follow.t VALUES (101, 200)');
    expect((await sync(first.states)).ids).toEqual(['100', '101', '90']);
    expect((await sync(seen.states, { streams: [{ ...view.streams[0]!, order: ['id', 'c', 'v'] }] })).ids).toContain(
      '100',
    );
  });

  it('nulls, an empty table, and a look-back', async () => {
    await fresh(server(), 'follow', ...TABLE('int'));
    const empty = await sync();
    expect(empty.ids).toEqual([]);
    await run(server(), 'INSERT INTO follow.t VALUES (1, NULL), (2, 10), (3, 20)');
    const second = await sync(empty.states);
    expect(second.ids).toEqual(['2', '3']);
    await run(server(), 'INSERT INTO follow.t VALUES (4, 12)');
    expect((await sync(second.states)).ids).toEqual([]);
    const back = await sync(second.states, { streams: [{ ...settings.streams[0]!, lookback: 9 }] });
    expect(back.ids).toEqual(['3', '4']);
  });

  it('refuses a column without an index, of a type without order, and a state of another column', async () => {
    await fresh(
      server(),
      'follow',
      'CREATE TABLE t (id int PRIMARY KEY, c int, p point)',
      'INSERT INTO t VALUES (1, 1)',
    );
    const ask = async (cursor: string, more: object = {}, states?: ReturnType<typeof lastStates>) => {
      const { connection } = await open(server(), { streams: [{ name: 't', namespace: 'follow', cursor, ...more }] });
      try {
        const result = await readAll(connection, { mode: 'incremental', states });
        return { message: result.errors[0]?.message ?? '', states: lastStates(result.sent) };
      } finally {
        await connection.close();
      }
    };
    expect((await ask('c')).message).toMatch(/leads no index.*CREATE INDEX CONCURRENTLY ON "follow"."t" \("c"\)/);
    expect((await ask('p')).message).toMatch(/no useful order/);
    const scanned = await ask('c', { scan: true });
    expect(scanned.message).toBe('');
    expect((await ask('id', {}, scanned.states)).message).toMatch(/its cursor column is 'c', now it is 'id'/);
    expect((await ask('id', { method: 'xmin' }, scanned.states)).message).toMatch(/goes on by 'cursor'/);
    const [[key, state]] = [...scanned.states] as [[string, { then: { mark: object } }]];
    const damaged = (more: object) => {
      const then = { ...state.then, mark: { ...state.then.mark, ...more } };
      return ask('c', { scan: true }, new Map([[key, { ...state, then }]]) as unknown as typeof scanned.states);
    };
    expect((await damaged({ value: 'abc' })).message).toMatch(
      /^The state of stream 'follow.t' cannot be gone on from: its cursor is 'abc' of the column 'c' \(integer\), and the server says: invalid input syntax for type integer: "abc"/,
    );
    expect((await damaged({ keys: [['x']] })).message).toMatch(/^The state of stream 'follow.t' .* "x"/);
    expect((await damaged({ value: '99999999999999999999' })).message).toMatch(
      /^The state of stream 'follow.t' .* out of range/,
    );
  });

  it('by transaction ids', async () => {
    await fresh(
      server(),
      'follow',
      'CREATE TABLE t (id int, v int)',
      'INSERT INTO t SELECT i FROM generate_series(1, 300) i',
    );
    const method = { streams: [{ name: 't', namespace: 'follow', method: 'xmin' as const }] };
    const first = await sync(undefined, method);
    expect(first.ids.length).toBe(300);
    await run(server(), 'UPDATE follow.t SET v = 1 WHERE id IN (5, 250)', 'INSERT INTO follow.t VALUES (999)');
    const second = await sync(first.states, method);
    expect(second.ids).toEqual(['250', '5', '999']);
    expect((await sync(second.states, method)).ids).toEqual([]);
    expect(await ids(server(), 'SELECT 1')).toEqual(['1']);
  });
});
