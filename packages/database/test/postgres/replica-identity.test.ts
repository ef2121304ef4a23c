import { discover } from '@tidemark/source';
import { expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { readLog, table } from '../log-reading.js';
import { open, run } from '../reading.js';

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'REPLICA IDENTITY', (server) => {
    it('offers the log where it has the key of deleted rows, and says what mends the others', async () => {
      await run(
        server(),
        'CREATE SCHEMA identity',
        ...['plain', 'whole', 'other', 'covering', 'nothing', 'included'].map(
          (name) => `CREATE TABLE identity.${name} (id int PRIMARY KEY, u int NOT NULL, v int)`,
        ),
        'ALTER TABLE identity.whole REPLICA IDENTITY FULL',
        'CREATE UNIQUE INDEX other_u ON identity.other (u)',
        'ALTER TABLE identity.other REPLICA IDENTITY USING INDEX other_u',
        'CREATE UNIQUE INDEX covering_u ON identity.covering (u, id)',
        'ALTER TABLE identity.covering REPLICA IDENTITY USING INDEX covering_u',
        'ALTER TABLE identity.nothing REPLICA IDENTITY NOTHING',
        'CREATE UNIQUE INDEX included_u ON identity.included (u) INCLUDE (id)',
        'ALTER TABLE identity.included REPLICA IDENTITY USING INDEX included_u',
        'CREATE TABLE identity.late (id int PRIMARY KEY DEFERRABLE, v int)',
        'CREATE TABLE identity.wide (id int, v int, PRIMARY KEY (id) INCLUDE (v))',
        'CREATE TABLE identity.parent (id int PRIMARY KEY)',
        'CREATE TABLE identity.child () INHERITS (identity.parent)',
        'CREATE PUBLICATION identity FOR ALL TABLES',
        "SELECT pg_create_logical_replication_slot('identity', 'pgoutput')",
      );
      const { connection } = await open(server(), {
        connection: { replication_slot: 'identity', publication: 'identity' },
        reading: { method: 'log', schemas: ['identity'] },
      });
      const { streams } = await discover(connection);
      const followed = streams.filter(({ supported_sync_modes }) => supported_sync_modes?.includes('incremental'));
      expect(followed.map(({ name }) => name).sort()).toEqual(['covering', 'plain', 'whole', 'wide']);
      expect(streams.find(({ name }) => name === 'wide')?.source_defined_primary_key).toEqual([['id']]);
      const { message = '' } = await connection.check();
      for (const statement of [
        'ALTER TABLE "identity"."other" REPLICA IDENTITY DEFAULT;',
        'ALTER TABLE "identity"."nothing" REPLICA IDENTITY DEFAULT;',
        'ALTER TABLE "identity"."included" REPLICA IDENTITY DEFAULT;',
        'ALTER TABLE "identity"."late" REPLICA IDENTITY FULL;',
        'ALTER TABLE "identity"."child" REPLICA IDENTITY FULL;',
      ])
        expect(message).toContain(`Mend it with: ${statement}`);
      expect(message).not.toMatch(/"(?:plain|whole|covering|wide|parent)" REPLICA/);
      await run(server(), 'INSERT INTO identity.covering VALUES (1, 10), (2, 20)');
      const only = ['covering'];
      const load = await readLog(connection, { streams: only });
      await run(server(), 'DELETE FROM identity.covering WHERE id = 1');
      const changes = await readLog(connection, { after: load, streams: only });
      expect([load.errors, changes.errors]).toEqual([[], []]);
      expect([...table([...load.sent, ...changes.sent], 'covering', '_ab_cdc_cursor').keys()]).toEqual([2]);
      await connection.close();
    });
  });
}
