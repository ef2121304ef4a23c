import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { JsonObject } from '@tidemark/protocol';
import { discover, type GlobalState, type RecordData, read, type Sink } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { weightOf } from '../../src/log/weight.js';
import type { Clients } from '../../src/postgres/clients.js';
import type { Unsent } from '../../src/postgres/wal-changes.js';
import { withUnsent } from '../../src/postgres/wal-unsent.js';
import { open, run } from '../reading.js';

const ROWS = 120;
const WIDE = 100_000;
const BATCH = 1 << 20;

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'large values that are not in the log', (server) => {
    it('are handed on before many of them are held', async () => {
      await run(
        server(),
        'CREATE SCHEMA unsent',
        'CREATE TABLE unsent.t (id int PRIMARY KEY, n int, wide text)',
        'CREATE TABLE unsent.small (id int PRIMARY KEY)',
        'ALTER TABLE unsent.t ALTER wide SET STORAGE EXTERNAL',
        `INSERT INTO unsent.t SELECT i, 0, repeat(chr(97 + i % 26), ${WIDE}) FROM generate_series(1, ${ROWS}) i`,
        'CREATE PUBLICATION unsent FOR TABLE unsent.t, unsent.small',
        "SELECT pg_create_logical_replication_slot('unsent', 'pgoutput')",
      );
      const { connection } = await open(server(), {
        connection: { replication_slot: 'unsent', publication: 'unsent' },
        reading: { method: 'log', schemas: ['unsent'], page_bytes: BATCH },
      });
      const { streams } = await discover(connection);
      const catalog = {
        streams: streams.map((stream) => ({
          stream,
          sync_mode: 'incremental' as const,
          destination_sync_mode: 'append_dedup' as const,
        })),
      };
      const reading = async (before?: GlobalState) => {
        const pages: { records: RecordData[]; hasState: boolean }[] = [];
        let last: GlobalState | undefined;
        const sink: Sink = {
          pagesTogether(together, state) {
            pages.push({ records: together.flatMap(({ records }) => records), hasState: state !== undefined });
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
        const states = new Map<string, JsonObject>(
          before?.streams.map(({ stream, state }) => [`${stream.namespace}\0${stream.name}`, state]),
        );
        const { errors } = await read({ connection, catalog, states, shared: before?.shared, sink });
        expect(errors).toEqual([]);
        return { pages: pages.filter(({ records }) => records.length > 0), last };
      };
      const load = await reading();
      await run(
        server(),
        `BEGIN; INSERT INTO unsent.small VALUES (1); UPDATE unsent.t SET n = id; INSERT INTO unsent.small VALUES (2);
         UPDATE unsent.t SET n = -1 WHERE id = 1; DELETE FROM unsent.t WHERE id = 2; COMMIT`,
      );
      const { pages } = await reading(load.last);
      await connection.close();
      const records = pages.flatMap((page) => page.records);
      // In the order of the log, and each value whole.
      const order = Array.from({ length: ROWS }, (_, i) => i + 1);
      expect(records.map(({ id }) => id)).toEqual([1, ...order, 2, 1, 2]);
      const updated = records.slice(1, ROWS + 1);
      for (const { id, wide } of updated.filter((each) => each.id !== 2))
        expect(wide === String.fromCharCode(97 + (Number(id) % 26)).repeat(WIDE)).toBe(true);
      expect(updated[1]!.wide ?? null).toBe(null);
      // One row more than a batch at most.
      for (const page of pages)
        expect(page.records.reduce((sum, record) => sum + weightOf(record), 0)).toBeLessThan(BATCH + 2 * WIDE);
      // Nothing is covered before the transaction is whole.
      expect(pages.length).toBeGreaterThan(8);
      expect(pages.map(({ hasState }) => hasState)).toEqual([...pages.slice(1).map(() => false), true]);
    });
  });
}

/** Answers as the server does: rows up to the one that goes beyond the bytes. */
function serving(bytes: number, asked: number[] = []): Clients {
  const query = async (_text: string, [ids, bytesMax]: [string[], number]) => {
    asked.push(ids.length);
    const fit = ids.filter((_, i) => i === 0 || i * bytes < bytesMax);
    return fit.map((_, i) => ({ place: String(i + 1), one: '1', bytes: String(bytes), c0: 'x'.repeat(bytes) }));
  };
  return { query } as unknown as Clients;
}

describe('parts of a batch', () => {
  // Only a collection of all garbage tells what is held.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;

  it('hold nothing of the parts before them', async () => {
    const ofTable = {
      relation: { id: 's.t', schema: 's', name: 't' },
      primaryKey: ['id'],
      columns: [{ name: 'id', type: 'integer' }],
    };
    const column = { name: 'wide', decode: (text: string) => text };
    const records: RecordData[] = Array.from({ length: 20 }, (_, id) => ({ id }));
    const unsent = records.map((record) => ({
      table: ofTable,
      record,
      key: [String(record.id)],
      columns: [column],
    })) as unknown as Unsent[];
    const batch = { changes: [{ table: 's.t', records: records.splice(0) }], position: { lsn: '0/1' } };
    const clients = serving(100_000);
    const handed: WeakRef<object>[] = [];
    const held: number[] = [];
    const sizes: number[] = [];
    for await (const { changes } of withUnsent(clients, batch, unsent, 250_000, () => {})) {
      handed.push(...changes.flatMap((each) => each.records.map((record) => new WeakRef(record))));
      sizes.push(changes.reduce((sum, each) => sum + each.records.length, 0));
      changes.length = 0;
      await new Promise((resolve) => setImmediate(resolve));
      collect();
      held.push(handed.filter((each) => each.deref()).length);
    }
    expect(sizes).toEqual([3, 3, 3, 3, 3, 3, 2]);
    for (const count of held) expect(count).toBeLessThanOrEqual(3);
  });

  it('are looked up by few statements, of more rows the smaller they are', async () => {
    const table = { relation: { id: 's.t', schema: 's', name: 't' }, primaryKey: ['id'], columns: [{ name: 'id' }] };
    const columns = [{ name: 'wide', decode: (text: string) => text }];
    const statements = async (bytes: number) => {
      const records: RecordData[] = Array.from({ length: 3_000 }, (_, id) => ({ id }));
      const unsent = records.map((record) => ({ table, record, key: [String(record.id)], columns }));
      const asked: number[] = [];
      const batch = { changes: [{ table: 's.t', records: [...records] }], position: { lsn: '0/1' } };
      const parts = withUnsent(serving(bytes, asked), batch, unsent as unknown as Unsent[], 1_000_000, () => {});
      const ids: unknown[] = [];
      for await (const { changes } of parts) ids.push(...changes.flatMap((each) => each.records.map(({ id }) => id)));
      expect(ids).toEqual(records.map(({ id }) => id));
      for (const { wide } of records) expect(String(wide).length).toBe(bytes);
      return asked.length;
    };
    expect(await statements(10)).toBeLessThan(10);
    expect(await statements(5_000)).toBeLessThan(40);
  });
});
