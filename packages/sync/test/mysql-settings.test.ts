import { mysql } from '@tidemark/sync';
import { expect, it } from 'vitest';
import type { Server } from '../../../scripts/servers/supervised.mjs';
import { describeWith, mariadb, mysql as mysqlServer } from '../../../scripts/servers/vitest.mjs';
import {
  Bench,
  batch,
  column,
  type DestinationHarness,
  jobOf,
  planOf,
  schemaOf,
  stateOf,
} from '../src/testing/harness.ts';
import { query, readTable, settingsOf } from './mysql-server.ts';

/** The rights that docs/destinations/mysql.md names, and no others. */
const RIGHTS = 'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, CREATE TEMPORARY TABLES';

/** A database for an account that may do what it must. */
function harness(server: () => Server): DestinationHarness {
  return {
    async place() {
      await query(
        server(),
        undefined,
        'CREATE DATABASE shop CHARACTER SET latin1',
        "CREATE USER loader@'%' IDENTIFIED BY 'loader'",
        `GRANT ${RIGHTS} ON shop.* TO loader@'%'`,
      );
      return 'shop';
    },
    destination: (place) => mysql({ ...settingsOf(server(), place), user: 'loader', password: 'loader' }),
    read: (place, stream) => readTable(server(), place, stream),
  };
}

const SETTINGS = {
  'character-set-server': 'latin1',
  'default-time-zone': '+05:30',
  'sql-mode': 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,NO_ZERO_DATE',
  autocommit: 'OFF',
  'binlog-format': 'STATEMENT',
};

const servers = [
  [mysqlServer, { 'gtid-mode': 'OFF', 'enforce-gtid-consistency': 'OFF', 'sql-require-primary-key': 'ON' }],
  [mariadb, {}],
] as const;

for (const [kind, own] of servers) {
  for (const local of ['ON', 'OFF']) {
    const options = { settings: { ...SETTINGS, ...own, local_infile: local } };
    describeWith(
      kind,
      `a server with other settings, LOAD DATA ${local}`,
      (server) => {
        it('takes the same rows, from an account with few rights', async () => {
          const bench = await Bench.at(harness(server));
          const schema = schemaOf({
            id: { type: 'integer' },
            text: { type: 'string' },
            at: { type: 'string', format: 'date-time' },
            data: { type: 'object' },
          });
          const records = [
            {
              id: 1,
              text: '\\ \' " ` $1 ? \t\n\u0000 ü 🎉',
              at: '2024-03-31T01:30:00Z',
              data: { key: ['it\'s \\ "so"'] },
            },
            { id: 2, text: '', at: '2024-01-01T00:00:00+05:30', data: { key: null } },
          ];
          const expected = (rows: Awaited<ReturnType<Bench['rows']>>) => {
            expect(column(rows, 'text')).toEqual(records.map(({ text }) => text));
            expect(column(rows, 'at')).toEqual(['2024-03-31 01:30:00', '2023-12-31 18:30:00']);
            expect(column(rows, 'data')).toEqual(records.map(({ data }) => JSON.stringify(data)));
            expect(column(rows, '_airbyte_extracted_at')).toEqual(Array(2).fill('2023-11-14 22:13:20'));
          };
          for (const job of [1, 2]) {
            const plan = planOf(jobOf(job), { schema });
            await bench.attempt(jobOf(job), [plan], async (writer) => {
              await writer.write(plan.key, batch(records, 'unit "ü" \\'));
              await writer.commit([stateOf(plan, {}, 2)]);
              expect(await writer.restart(plan.key, 'unit "ü" \\')).toBe(2);
              await writer.write(plan.key, batch(records));
              await writer.finish(stateOf(plan, { job }, 0));
            });
            expected(await bench.rows('things'));
          }
          const stream = { name: 'merged' };
          for (const job of [3, 4]) {
            const dedup = {
              syncMode: 'incremental',
              destinationSyncMode: 'append_dedup',
              primaryKey: [['id']],
            } as const;
            const begin = job === 3 ? 'anew' : 'resume';
            const plan = planOf(jobOf(job), { ...dedup, schema, stream, generation: 1, begin, cursorField: ['at'] });
            await bench.attempt(jobOf(job), [plan], async (writer) => {
              await writer.write(plan.key, batch(records));
              await writer.finish(stateOf(plan, { job }, 2));
            });
            expected(await bench.rows('merged'));
          }
          const [row] = await query(
            server(),
            'shop',
            `SELECT JSON_UNQUOTE(JSON_EXTRACT(data, '$.key[0]')) AS found FROM merged WHERE id = 1`,
          );
          expect(row!.found).toBe('it\'s \\ "so"');
        });
      },
      options,
    );
  }
}

describeWith(
  mariadb,
  'a server that keeps names in lower case',
  (server) => {
    it('finds its tables again', async () => {
      await query(server(), undefined, 'CREATE DATABASE Shop');
      const read = () => readTable(server(), 'shop', 'things');
      const bench = await Bench.at({
        place: async () => 'Shop',
        destination: (place) => mysql(settingsOf(server(), place)),
        read,
      });
      const stream = { name: 'Things' };
      for (const job of [1, 2]) {
        const plan = planOf(jobOf(job), { stream, destinationSyncMode: 'append', generation: job });
        await bench.attempt(jobOf(job), [plan], async (writer) => {
          await writer.write(plan.key, batch([{ id: job }]));
          await writer.finish(stateOf(plan, { job }, 1));
        });
        expect((await bench.stored()).streams).toMatchObject([{ status: 'complete', state: { job } }]);
      }
      expect(column((await read())!, 'id')).toEqual(['1', '2']);
    });
  },
  { settings: { 'lower-case-table-names': 1 } },
);
