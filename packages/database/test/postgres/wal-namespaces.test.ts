import { type StreamDescriptor, streamKey } from '@tidemark/protocol';
import { discover, type GlobalState, read, type Sink } from '@tidemark/source';
import { expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { open, run } from '../reading.js';

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'tables of one name in two schemas that follow the log', (server) => {
    it('fail each by itself', async () => {
      await run(
        server(),
        ...['here', 'there'].flatMap((schema) => [
          `CREATE SCHEMA ${schema}`,
          `CREATE TABLE ${schema}.t (id int PRIMARY KEY)`,
          `INSERT INTO ${schema}.t SELECT generate_series(1, 8)`,
        ]),
        "CREATE ROLE some_reader LOGIN REPLICATION PASSWORD 'p'",
        'GRANT USAGE ON SCHEMA here, there TO some_reader',
        'GRANT SELECT ON here.t, there.t TO some_reader',
        'CREATE PUBLICATION two FOR TABLE here.t, there.t',
        "SELECT pg_create_logical_replication_slot('two', 'pgoutput')",
      );
      const { connection } = await open(
        { ...server(), user: 'some_reader', password: 'p' },
        {
          connection: { replication_slot: 'two', publication: 'two' },
          reading: { method: 'log', schemas: ['here', 'there'], page_rows: 3 },
        },
      );
      const { streams } = await discover(connection);
      // The catalog has been read: that the right is gone is found while the table is loaded.
      await run(server(), 'REVOKE SELECT ON there.t FROM some_reader');
      const rows: Record<string, unknown[]> = { here: [], there: [] };
      const told: (string | undefined)[] = [];
      let last: GlobalState | undefined;
      const sink: Sink = {
        pagesTogether(pages) {
          for (const { stream, records } of pages) rows[stream.namespace!]!.push(...records.map(({ id }) => id));
        },
        finalTogether(state) {
          last = state;
        },
        page() {},
        finalState() {},
        restart() {},
        status() {},
        error: (_error, stream?: StreamDescriptor) => void told.push(stream && `${stream.namespace}.${stream.name}`),
        log() {},
      };
      const catalog = {
        streams: streams.map((stream) => ({
          stream,
          sync_mode: 'incremental' as const,
          destination_sync_mode: 'append_dedup' as const,
        })),
      };
      const result = await read({ connection, catalog, states: new Map(), sink });
      await connection.close();
      expect(result.errors.map(({ message }) => message).join()).toMatch(/permission denied|right to select/);
      expect(told).toEqual(['there.t']);
      const outcome = (namespace: string) => result.outcomes.get(streamKey({ name: 't', namespace }));
      expect([outcome('here'), outcome('there')]).toEqual(['complete', 'failed']);
      expect(rows.here!.sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(rows.there).toEqual([]);
      expect(last!.streams.find(({ stream }) => stream.namespace === 'here')!.state).toMatchObject({ phase: 'done' });
    });
  });
}
