import { postgres as postgresDestination } from '@tidemark/sync';
import { describe, expect, it } from 'vitest';
import { describeWith, postgres } from '../../../scripts/servers/vitest.mjs';
import { parseUrl, postgresKind } from '../src/destinations/postgres/kind.ts';
import type { SchemaChange } from '../src/schema-change.ts';
import { Bench, batch, integer, jobOf, planOf, schemaOf, stateOf, text } from '../src/testing/harness.ts';
import { land } from '../src/testing/values.ts';
import { ask, newDatabase, readTable } from './postgres-server.ts';

const append = { destinationSyncMode: 'append' } as const;
let places = 0;

describeWith(postgres, 'tables', (server) => {
  const bench = () =>
    Bench.at({
      place: () => newDatabase(server(), `table_${++places}`),
      destination: (url) => postgresDestination(parseUrl(url)),
      read: readTable,
    });
  const types = async (url: string, table: string) =>
    Object.fromEntries(
      (
        await ask(
          url,
          'SELECT column_name AS name, data_type AS type FROM information_schema.columns WHERE table_name = $1',
          [table],
        )
      ).map(({ name, type }) => [name, type]),
    );

  it('gives each kind of value its type', async () => {
    const there = await bench();
    const at = { type: 'string', format: 'date-time' };
    const schema = schemaOf({
      text,
      integer,
      number: { type: 'number' },
      flag: { type: 'boolean' },
      day: { type: 'string', format: 'date' },
      at,
      local: { ...at, airbyte_type: 'timestamp_without_timezone' },
      time: { type: 'string', format: 'time', airbyte_type: 'time_without_timezone' },
      list: { type: 'array' },
    });
    const record = {
      integer: 1,
      time: '23:59:59.25',
      at: '2024-02-29T12:00:00+02:00',
      local: '2024-02-29T12:00:00',
      day: '0044-03-15',
    };
    const [row] = await land(there, 1, schema, [[record]]);
    expect(await types(there.place, 'things')).toEqual({
      _airbyte_raw_id: 'uuid',
      _airbyte_extracted_at: 'timestamp with time zone',
      _airbyte_meta: 'jsonb',
      _airbyte_generation_id: 'bigint',
      text: 'text',
      integer: 'bigint',
      number: 'numeric',
      flag: 'boolean',
      day: 'date',
      at: 'timestamp with time zone',
      local: 'timestamp without time zone',
      time: 'time without time zone',
      list: 'jsonb',
    });
    expect(row).toMatchObject({
      time: '23:59:59.25',
      at: '2024-02-29 10:00:00+00',
      local: '2024-02-29 12:00:00',
      day: '0044-03-15',
    });
  });

  it('replaces the rows of a table that views read, and keeps the views', async () => {
    const there = await bench();
    await land(there, 1, schemaOf({ id: integer, v: integer }), [[{ id: 1, v: 5 }]]);
    await ask(there.place, 'CREATE VIEW seen AS SELECT id, v FROM things');
    await land(there, 2, schemaOf({ id: integer, v: text, more: text }), [
      [
        { id: 2, v: 'x', more: 'y' },
        { id: 3, v: 'z' },
      ],
    ]);
    expect((await there.rows('things')).map(({ id, v, more }) => ({ id, v, more }))).toEqual([
      { id: '2', v: 'x', more: 'y' },
      { id: '3', v: 'z', more: null },
    ]);
    expect(await ask(there.place, 'SELECT id FROM seen ORDER BY 1')).toEqual([{ id: '2' }, { id: '3' }]);
    await land(there, 3, schemaOf({ id: integer }), [[{ id: 4, v: 'w' }]]);
    expect((await there.rows('things')).map(({ id, v }) => ({ id, v }))).toEqual([{ id: '4', v: 'w' }]);
    expect(await ask(there.place, "SELECT 1 FROM pg_class WHERE relname LIKE '%tidemark_next'")).toEqual([]);
  });

  it('moves a column aside that a view reads and that has to become wider', async () => {
    const there = await bench();
    await land(there, 1, schemaOf({ id: integer, v: integer }), [[{ id: 1, v: 5 }]], append);
    await ask(there.place, 'CREATE VIEW seen AS SELECT id, v FROM things');
    const told: SchemaChange[] = [];
    const plan = planOf(jobOf(2), { schema: schemaOf({ id: integer, v: text, fresh: text }), ...append });
    const { session } = await there.open('suite', { schemaChanged: (change) => told.push(change) });
    await session.begin(jobOf(2), [plan]);
    const writer = await session.writer([plan]);
    await writer.write(plan.key, batch([{ id: 2, v: 'six' }]));
    await writer.finish(stateOf(plan, {}, 1));
    await writer.close();
    await session.close();
    expect((await there.rows('things')).map(({ v, v__old }) => ({ v, v__old }))).toEqual([
      { v: '5', v__old: '5' },
      { v: 'six', v__old: null },
    ]);
    expect(await ask(there.place, 'SELECT v FROM seen WHERE id = 1')).toEqual([{ v: '5' }]);
    expect(told).toEqual([
      { stream: { name: 'things' }, change: 'column_moved_aside', column: 'v', from: 'bigint', to: 'text' },
      { stream: { name: 'things' }, change: 'column_added', column: 'fresh', to: 'text' },
    ]);
  });

  it('finds rows by an index of their key, also after a swap, without one more with each commit', async () => {
    const there = await bench();
    const keyed = {
      destinationSyncMode: 'append_dedup',
      syncMode: 'incremental',
      primaryKey: [['id']],
      generation: 1,
    } as const;
    const indexes = () => ask(there.place, "SELECT indexdef FROM pg_indexes WHERE tablename = 'things'");
    await land(there, 1, schemaOf({ id: integer }), [[{ id: 1 }]], { ...keyed, begin: 'anew' });
    await land(there, 2, schemaOf({ id: integer }), [[{ id: 2 }]], { ...keyed, begin: 'resume' });
    expect(await indexes()).toEqual([{ indexdef: expect.stringMatching(/btree \(id\)/) }]);
    await land(there, 3, schemaOf({ id: integer }), [[{ id: 2 }]], { ...keyed, generation: 3, minimumGeneration: 3 });
    expect(await indexes()).toHaveLength(1);
    await land(there, 4, schemaOf({ id: integer }), [[{ id: 'x' }, { id: 12345678901234567890n }]], {
      ...keyed,
      begin: 'resume',
    });
    expect(await indexes()).toEqual([{ indexdef: expect.stringMatching(/hash_numeric_extended/) }]);
  });

  it('keeps rows that have more wide fields than a page of the server holds', async () => {
    const there = await bench();
    const wide = Object.fromEntries(
      Array.from({ length: 700 }, (_, index) => [`field ${index}`, `${index} `.repeat(20)]),
    );
    const schema = schemaOf(Object.fromEntries(Object.keys(wide).map((name) => [name, text])));
    const [row] = await land(there, 1, schema, [[wide]]);
    const rest = JSON.parse(row!._airbyte_undeclared!) as Record<string, string>;
    expect(Object.keys(rest).length + Object.keys(row!).length - 5).toBe(700);
    expect({ first: row!.field_0, last: rest['field 699'] }).toEqual({
      first: wide['field 0'],
      last: wide['field 699'],
    });
  });
});

describe('settings', () => {
  it('reads URLs as libpq has them', () => {
    expect(postgresKind.parse('postgres://ada:p%40ss@db.example.com:5433/shop?schema=raw&sslmode=verify-full')).toEqual(
      {
        host: 'db.example.com',
        port: 5433,
        database: 'shop',
        user: 'ada',
        password: 'p@ss',
        schema: 'raw',
        ssl_mode: 'verify-full',
      },
    );
    expect(postgresKind.parse('postgresql://ada@[::1]/my%20db')).toEqual({
      host: '::1',
      database: 'my db',
      user: 'ada',
    });
    expect(postgresDestination({ host: '::1', database: 'd', user: 'u', password: 'geheim' }).name).toBe(
      'postgres://[::1]:5432/d',
    );
  });

  it('says what is missing, and never shows the URL', () => {
    const wrong: [string, RegExp][] = [
      ['postgres://ada:geheim@host', /names no database/],
      ['postgres://ada:geheim@/db', /cannot be read|names no host/],
      ['postgres://host/db', /names no user/],
      ['postgres://ada:geheim%zz@host/db', /%/],
      ['postgres://ada:geheim@host/db?ssl=true', /parameter 'ssl' \(possible: schema, sslmode, sslrootcert\)/],
      ['postgres://ada:geheim@host/db?sslmode=maybe', /sslmode=maybe \(possible: disable/],
    ];
    for (const [url, message] of wrong) {
      expect(() => postgresKind.parse(url), url).toThrow(message);
      expect(() => postgresKind.parse(url), url).not.toThrow(/geheim/);
    }
  });
});
