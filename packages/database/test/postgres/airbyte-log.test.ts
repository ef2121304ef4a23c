import { expect, it } from 'vitest';
import { describeWith, postgres } from '../../../../scripts/servers/vitest.mjs';
import { asAirbyte, loaded } from '../airbyte/log-states.js';
import { lastState, readLog } from '../log-reading.js';
import { open, run } from '../reading.js';

describeWith(postgres, 'PostgreSQL: the log from a state of Airbyte', (server) => {
  it('goes on from the last commit, with the load where it was', async () => {
    const name = 'airbyte_log';
    await run(
      server(),
      `CREATE SCHEMA ${name}`,
      `CREATE TABLE ${name}.done AS SELECT i AS id FROM generate_series(1, 5) i`,
      `CREATE TABLE ${name}.half AS SELECT i AS id, repeat('x', 500) AS pad FROM generate_series(1, 100) i`,
      `CREATE TABLE ${name}.fresh AS SELECT i AS id FROM generate_series(1, 3) i`,
      ...['done', 'half', 'fresh'].map((table) => `ALTER TABLE ${name}.${table} ADD PRIMARY KEY (id)`),
      `CREATE PUBLICATION ${name} FOR ALL TABLES`,
      `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`,
    );
    const [at] = await run(server(), 'SELECT (pg_current_wal_lsn() - $$0/0$$::pg_lsn)::text AS lsn');
    const [half] = await run(
      server(),
      `SELECT pg_relation_filenode('${name}.half')::int AS node, (SELECT count(*)::int FROM ${name}.half WHERE ctid > '(2,3)') AS rest`,
    );
    await run(server(), `INSERT INTO ${name}.done VALUES (6)`, `DELETE FROM ${name}.half WHERE id = 1`);
    const { connection } = await open(server(), {
      connection: { replication_slot: name, publication: name },
      reading: { method: 'log', schemas: [name] },
    });
    const later = BigInt(String(at!.lsn)) + 1000n;
    const offset = {
      transaction_id: null,
      lsn: Number(later),
      lsn_proc: Number(later),
      lsn_commit: Number(at!.lsn),
      txId: 1,
      ts_usec: 1,
    };
    const shared = { state: { '["db",{"server":"db"}]': JSON.stringify(offset) } };
    const ctid = {
      version: 2,
      state_type: 'ctid',
      ctid: '(2,3)',
      incremental_state: {},
      relation_filenode: half!.node as number,
    };
    const state = asAirbyte(shared, [
      { name: 'done', namespace: name, state: loaded('done', name) },
      { name: 'half', namespace: name, state: ctid },
    ]);
    const got = await readLog(connection, { after: state });
    expect(got.errors).toEqual([]);
    const idsOf = (stream: string) =>
      got.sent.flatMap((each) => (each.kind === 'record' && each.stream === stream ? [each.record.id] : []));
    expect(idsOf('done')).toEqual([6]);
    expect(idsOf('fresh').sort()).toEqual([1, 2, 3]);
    // The deletion by the log, then the rest of the table.
    expect(idsOf('half')[0]).toBe(1);
    expect(idsOf('half')).toHaveLength(Number(half!.rest) + 1);
    expect(got.outcomes).toEqual({ done: 'complete', half: 'complete', fresh: 'complete' });
    expect(lastState(got)?.shared).toMatchObject({ v: 1, dialect: 'postgres' });
    const bare = await readLog(connection, { after: asAirbyte({ state: { a: '{}' } }, []) });
    expect(bare.errors[0]).toContain("its place in the log cannot be read: it has no 'lsn'");
    await connection.close();
  });
});
