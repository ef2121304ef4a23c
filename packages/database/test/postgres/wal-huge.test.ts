import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { streamKey } from '@tidemark/protocol';
import { discover, type GlobalState, read, type Sink } from '@tidemark/source';
import { expect, it } from 'vitest';
import { describeWith, postgres } from '../../../../scripts/servers/vitest.mjs';
import { open, run } from '../reading.js';

const ROWS = 200_000;
const ROW_BYTES = 1_000;
/** Less than a third of what the transaction's rows weigh. */
const HELD_MAX = 60_000_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that cannot be freed. */
function held(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describeWith(postgres, 'one transaction that is larger than the memory it may take', (server) => {
  it('is read from the log a piece at a time, while the destination is slow', async () => {
    await run(
      server(),
      'CREATE SCHEMA huge',
      'CREATE TABLE huge.t (id int PRIMARY KEY, pad text)',
      'CREATE PUBLICATION huge FOR ALL TABLES',
      "SELECT pg_create_logical_replication_slot('huge', 'pgoutput')",
    );
    const { connection } = await open(server(), {
      connection: { replication_slot: 'huge', publication: 'huge' },
      reading: { method: 'log', schemas: ['huge'], page_rows: 1_000 },
    });
    const { streams } = await discover(connection);
    const catalog = {
      streams: streams.map((stream) => ({
        stream,
        sync_mode: 'incremental' as const,
        destination_sync_mode: 'append_dedup' as const,
      })),
    };
    let last: GlobalState | undefined;
    let [rows, pages, most] = [0, 0, 0];
    /** The rows that had come at each state. */
    const states: number[] = [];
    const sink: Sink = {
      async pagesTogether(given, state) {
        for (const { records } of given) {
          rows += records.length;
          if (records.length > 0 && ++pages % 10 === 0) most = Math.max(most, held());
        }
        // What waits has time to grow.
        for (let i = 0; i < 20; i++) await turn();
        if (state) {
          last = state();
          states.push(rows);
        }
      },
      finalTogether(state) {
        last = state;
      },
      page() {},
      finalState() {},
      restart() {},
      status() {},
      error() {},
      log() {},
    };
    const readOnce = () =>
      read({
        connection,
        catalog,
        states: new Map(last?.streams.map(({ stream, state }) => [streamKey(stream), state])),
        shared: last?.shared,
        sink,
      });
    expect((await readOnce()).errors).toEqual([]);
    await run(
      server(),
      `INSERT INTO huge.t SELECT i, repeat(chr(65 + i % 26), ${ROW_BYTES}) FROM generate_series(1, ${ROWS}) i`,
    );
    states.length = 0;
    const before = held();
    expect((await readOnce()).errors).toEqual([]);
    expect(rows).toBe(ROWS);
    // No state covers a part of it.
    expect(new Set(states.filter((at) => at !== ROWS && at !== 0))).toEqual(new Set());
    expect(pages).toBeGreaterThan(100);
    expect(most - before).toBeLessThan(HELD_MAX);
    console.log(`at most ${Math.round((most - before) / 1e6)} MB held of ${(ROWS * ROW_BYTES) / 1e6} MB`);
    await connection.close();
  }, 240_000);
});
