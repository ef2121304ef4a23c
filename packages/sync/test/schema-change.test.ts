import { join } from 'node:path';
import type { JsonObject } from '@tidemark/protocol';
import { openDestination, type StreamSelection, streamChanges, sync } from '@tidemark/sync';
import { expect, it } from 'vitest';
import { temporaryFolder } from './duckdb-file.ts';
import { FakeSource, type FakeStream } from './fake-source.ts';

const folder = temporaryFolder();
let files = 0;
const schema = (properties: JsonObject): JsonObject => ({ type: 'object', properties });
const integer = { type: 'integer' };
const text = { type: 'string' };

/** Syncs of one database; each gives what it was told of the schema. */
function database(streams?: StreamSelection[]) {
  const file = join(folder, `schema-${++files}.duckdb`);
  return async (...offered: FakeStream[]): Promise<string[]> => {
    const told: string[] = [];
    const result = await sync({
      source: new FakeSource(offered),
      config: {},
      connection: 'c',
      destination: await openDestination(`duckdb:${file}`),
      streams,
      retry: false,
      onEvent: (event) => {
        if (event.type !== 'schema') return;
        for (const { stream, change, column, from, to } of event.changes)
          told.push([change, stream.name, column, from, to].filter((part) => part !== undefined).join(' '));
      },
    });
    expect(result.outcome).toBe('complete');
    return told;
  };
}

it.each<[string, StreamSelection | undefined]>([
  ['overwrite', undefined],
  ['append', { name: 'users', destination_sync_mode: 'append' }],
])('columns that come or change are told, whether by schema or by value: %s', async (_mode, selection) => {
  const run = database(selection && [selection]);
  const users = (more: JsonObject, row: JsonObject): FakeStream => ({
    name: 'users',
    schema: schema({ id: integer, ...more }),
    rows: [{ id: 1, ...row }],
  });
  expect(await run(users({}, {}))).toEqual([]);
  expect(await run(users({}, {}))).toEqual([]);
  expect(await run(users({ age: integer }, { age: 3 }))).toEqual(['column_added users age BIGINT']);
  expect(await run(users({ age: integer }, { age: 3, note: 'x' }))).toEqual(['column_added users note VARCHAR']);
  const [changed, ...more] = await run(users({ age: text }, { age: 'three', note: 'x' }));
  expect(changed).toMatch(/^column_(widened|retyped) users age BIGINT VARCHAR$/);
  expect(more).toEqual([]);
});

it('another primary key is told where rows are told apart by it', async () => {
  const users = (...key: string[]): FakeStream => ({
    name: 'users',
    schema: schema({ id: integer, region: text, at: integer }),
    rows: [{ id: 1, region: 'x', updated: 1 }],
    slices: { step: 10, until: 10 },
    primaryKey: key.map((field) => [field]),
  });
  const run = database();
  expect(await run(users('id'))).toEqual([]);
  expect(await run(users('id'))).toEqual([]);
  expect(await run(users('id', 'region'))).toEqual(['primary_key users id id, region']);
  expect(await run(users('id', 'region'))).toEqual([]);
  const append = database([{ name: 'users', destination_sync_mode: 'append' }]);
  expect(await append(users('id'))).toEqual([]);
  expect(await append(users('region'))).toEqual([]);
});

it('streams that come or go are told, but not those that were merely left out', async () => {
  const stream = (name: string): FakeStream => ({ name, schema: schema({ id: integer }), rows: [{ id: 1 }] });
  const run = database();
  expect(await run(stream('users'), stream('orders'))).toEqual([]);
  expect(await run(stream('users'), stream('invoices'))).toEqual(['stream_added invoices', 'stream_gone orders']);
  expect(await run(stream('users'), stream('invoices'))).toEqual([]);
  expect(streamChanges(undefined, [{ name: 'users' }], [{ name: 'users' }])).toEqual([]);
});
