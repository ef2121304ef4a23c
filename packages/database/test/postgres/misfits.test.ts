import { lastStates } from '@tidemark/source/testing';
import { expect, it } from 'vitest';
import { describeWith, postgres } from '../../../../scripts/servers/vitest.mjs';
import { readLog } from '../log-reading.js';
import { column, open, readAll, run } from '../reading.js';

describeWith(postgres, 'streams that name columns which are not there', (server) => {
  it('fail by themselves, and the others are read', async () => {
    await run(
      server(),
      'CREATE SCHEMA misfits',
      ...['cursored', 'narrow', 'ordered'].map((name) => `CREATE TABLE misfits.${name} AS SELECT 1 AS id`),
      'CREATE TABLE misfits.good AS SELECT i AS id FROM generate_series(1, 5) i',
      'CREATE INDEX ON misfits.good (id)',
    );
    const { connection } = await open(server(), {
      streams: [
        { name: 'cursored', namespace: 'misfits', cursor: 'gone_c' },
        { name: 'narrow', namespace: 'misfits', columns: ['id', 'gone_n'] },
        { name: 'ordered', namespace: 'misfits', order: ['gone_o'] },
        { name: 'good', namespace: 'misfits', cursor: 'id' },
      ],
    });
    const read = await readAll(connection, { mode: 'incremental' });
    const check = await connection.check();
    await connection.close();
    expect(Object.fromEntries(read.outcomes)).toEqual({
      'misfits\u0000cursored': 'failed',
      'misfits\u0000narrow': 'failed',
      'misfits\u0000ordered': 'failed',
      'misfits\u0000good': 'complete',
    });
    expect(column(read, 'id')).toEqual(['1', '2', '3', '4', '5']);
    expect([...lastStates(read.sent).keys()]).toEqual(['misfits\u0000good']);
    const problems = ['cursored', 'narrow', 'ordered'].map((name) => [
      name,
      `misfits.${name} has no column 'gone_${name[0]}' (${{ c: 'cursor', n: 'columns', o: 'order' }[name[0] as 'c']} of its stream); it has: id. If it was dropped or renamed: take it out of the stream, or name it as it is called now.`,
    ]);
    expect(read.errors.map(({ kind, stream }) => [kind, stream])).toEqual(problems.map(([name]) => ['config', name]));
    for (const [i, [, problem]] of problems.entries()) {
      expect(read.errors[i]!.message).toContain(problem);
      expect(check.message).toContain(problem);
    }
    expect(check.succeeded).toBe(false);
  });

  it('keep the schema and the way of syncing that they had, and the state where there is one', async () => {
    await run(
      server(),
      'CREATE TABLE misfits.renamed (id int PRIMARY KEY, at int, v text)',
      'CREATE INDEX ON misfits.renamed (at)',
      `INSERT INTO misfits.renamed VALUES (1, 1, 'a')`,
    );
    const settings = { streams: [{ name: 'renamed', namespace: 'misfits', cursor: 'at' }] };
    const before = await open(server(), settings);
    const first = await readAll(before.connection, { mode: 'incremental' });
    await before.connection.close();
    await run(server(), 'ALTER TABLE misfits.renamed RENAME COLUMN at TO seen_at');
    const broken = await open(server(), settings);
    const described = await broken.connection.streams[0]!.describe();
    const second = await readAll(broken.connection, { mode: 'incremental', states: lastStates(first.sent) });
    await broken.connection.close();
    expect(described.supported_sync_modes).toEqual(['full_refresh', 'incremental']);
    expect(described.default_cursor_field).toBeUndefined();
    expect(Object.keys(described.json_schema.properties as object)).toEqual(['id', 'seen_at', 'v']);
    expect([...second.outcomes.values()]).toEqual(['failed']);
    expect(lastStates(second.sent).size).toBe(0);
  });

  it('fail by themselves beside tables that follow the log', async () => {
    await run(
      server(),
      'CREATE TABLE misfits.followed (id int PRIMARY KEY)',
      'INSERT INTO misfits.followed VALUES (1), (2)',
      'CREATE TABLE misfits.broken (id int PRIMARY KEY)',
      'INSERT INTO misfits.broken VALUES (1)',
      'CREATE PUBLICATION misfits FOR TABLE misfits.followed, misfits.broken',
      "SELECT pg_create_logical_replication_slot('misfits', 'pgoutput')",
    );
    const { connection } = await open(server(), {
      connection: { replication_slot: 'misfits', publication: 'misfits' },
      reading: { method: 'log' },
      streams: [
        { name: 'followed', namespace: 'misfits' },
        { name: 'broken', namespace: 'misfits', columns: ['id', 'gone'] },
      ],
    });
    const read = await readLog(connection);
    const check = await connection.check();
    await connection.close();
    await run(server(), "SELECT pg_drop_replication_slot('misfits')");
    expect(read.outcomes).toEqual({ followed: 'complete', broken: 'failed' });
    expect(read.sent.flatMap((each) => (each.kind === 'record' ? [each.record.id] : []))).toEqual([1, 2]);
    expect(read.errors).toEqual([expect.stringContaining("misfits.broken has no column 'gone'")]);
    expect([check.succeeded, check.message]).toEqual([false, expect.stringContaining("has no column 'gone'")]);
  });
});
