import { type JsonObject, parseJson } from '@tidemark/protocol';
import { afterEach, expect, it } from 'vitest';
import { api, connect, manifestOf, readAll, streamOf } from '../run-source.js';

// Names that JavaScript's objects inherit, from everywhere that names come from: they are fields like any other, or nothing.
const plain = {} as Record<string, unknown>;
afterEach(() => {
  const found = { polluted: plain.polluted, list: ([] as unknown as Record<string, unknown>).polluted };
  for (const prototype of [Object.prototype, Array.prototype] as unknown as Record<string, unknown>[])
    delete prototype.polluted;
  expect(found).toEqual({ polluted: undefined, list: undefined });
});

const RECORD =
  '{"id":1,"__proto__":{"polluted":"answer"},"constructor":{"prototype":{"polluted":"answer"}},"n":{"__proto__":{"polluted":"nested"}},"list":[{"__proto__":{"polluted":1}}]}';
const items = parseJson(`{"items":[${RECORD}]}`) as JsonObject;
const added = (path: string[], value = "{{ {'polluted': 'field'} }}") => ({
  type: 'AddedFieldDefinition',
  path,
  value,
});

/** Reads a stream of one such record with these transformations. */
async function read(transformations: JsonObject[], more: JsonObject = {}) {
  const connection = await connect(
    manifestOf({ streams: [streamOf('a', '/a', { stream: { transformations }, ...more })] }),
    {
      api: api(() => items),
    },
  );
  const { records, errors } = await readAll(connection);
  return { record: records.a?.[0] as JsonObject | undefined, errors };
}

it('the records of an answer keep them as fields', async () => {
  const { record, errors } = await read([]);
  expect(errors).toEqual([]);
  expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
  expect(Object.keys(record!)).toEqual(['id', '__proto__', 'constructor', 'n', 'list']);
});

it.each<[string, JsonObject[]]>([
  [
    'AddFields',
    [
      {
        type: 'AddFields',
        fields: [
          added(['__proto__', 'polluted']),
          added(['constructor', 'prototype', 'polluted']),
          added(['n', '__proto__', 'polluted']),
          added(['new', '__proto__']),
        ],
      },
    ],
  ],
  [
    'RemoveFields',
    [
      {
        type: 'RemoveFields',
        field_pointers: [['__proto__', 'toString'], ['constructor', 'prototype'], ['__proto__']],
      },
    ],
  ],
  ['FlattenFields', [{ type: 'FlattenFields' }]],
  ['DpathFlattenFields', [{ type: 'DpathFlattenFields', field_path: ['n'], delete_origin_value: true }]],
  [
    'DpathFlattenFields of a prototype',
    [{ type: 'DpathFlattenFields', field_path: ['__proto__'], replace_record: true }],
  ],
  ['KeysReplace', [{ type: 'KeysReplace', old: 'id', new: '__proto__' }]],
  ['KeysToLower', [{ type: 'KeysToLower' }]],
  ['KeysToSnakeCase', [{ type: 'KeysToSnakeCase' }]],
])('%s writes to no prototype', async (_name, transformations) => {
  const { record } = await read(transformations);
  expect(record === undefined || Object.getPrototypeOf(record) === Object.prototype).toBe(true);
});

it('nor do normalisation, expansion and merging', async () => {
  const expander = {
    type: 'RecordExpander',
    expand_records_from_field: ['list'],
    merge_parent: true,
    remain_original_record: true,
  };
  const extractor = { type: 'DpathExtractor', field_path: ['items'], record_expander: expander };
  await read([], {
    retriever: { record_selector: { type: 'RecordSelector', extractor, schema_normalization: 'Default' } },
  });
  await read([], { stream: { primary_key: ['__proto__', 'polluted'] } });
});

it('a configuration and what is done with it neither', async () => {
  const spec = {
    type: 'Spec',
    connection_specification: { type: 'object' },
    config_normalization_rules: {
      type: 'ConfigNormalizationRules',
      config_migrations: [
        {
          type: 'ConfigMigration',
          transformations: [{ type: 'ConfigAddFields', fields: [added(['__proto__', 'polluted'])] }],
        },
      ],
      transformations: [
        { type: 'ConfigRemapField', field_path: ['__proto__', 'polluted'], map: { config: 'polluted' } },
        { type: 'ConfigRemoveFields', field_pointers: [['__proto__', 'toString']] },
      ],
    },
  };
  const config = parseJson(
    '{"__proto__":{"polluted":"config"},"a":{"constructor":{"prototype":{"polluted":1}}}}',
  ) as JsonObject;
  await connect(manifestOf({ streams: [streamOf('a')], spec }), { config }).catch(() => undefined);
});

it('a manifest neither, in YAML or JSON', async () => {
  const manifest = JSON.stringify(manifestOf({ streams: [streamOf('a')] })).slice(0, -1);
  for (const text of [
    `${manifest}, "definitions": {"__proto__": {"polluted": 1}}, "__proto__": {"polluted": 2}}`,
    `${manifest}, "definitions": {"x": {"$parameters": {"__proto__": {"polluted": 3}}}}}`,
    `${manifest.replace(
      '"requester":{',
      '"requester":{"$parameters":{"__proto__":{"polluted":4},"constructor":{"prototype":{"polluted":4}}},"request_headers":{"__proto__":"polluted"},',
    )}}`,
    '__proto__: {polluted: 5}\n<<: {__proto__: {polluted: 6}}\nconstructor: {prototype: {polluted: 7}}\n',
    `${manifest}, "x": {"$ref": "#/__proto__/polluted"}}`,
  ]) {
    const reading = async () => readAll(await connect(text, { api: api(() => items) }));
    await reading().catch(() => undefined);
    expect(plain.polluted).toBeUndefined();
  }
});

it('a state neither', async () => {
  const incremental_sync = {
    type: 'DatetimeBasedCursor',
    cursor_field: 'at',
    datetime_format: '%Y-%m-%d',
    start_datetime: '2024-01-01',
  };
  const partition_router = {
    type: 'ListPartitionRouter',
    values: ['__proto__', 'constructor'],
    cursor_field: '__proto__',
  };
  const streams = [streamOf('a', '/a', { retriever: { partition_router }, stream: { incremental_sync } })];
  for (const state of [
    '{"__proto__":{"polluted":1}}',
    '{"states":[{"partition":{"__proto__":"x"},"cursor":{"__proto__":{"polluted":1}}}],"use_global_cursor":false}',
    '{"constructor":{"prototype":{"polluted":1}}}',
  ]) {
    const reading = async () =>
      readAll(await connect(manifestOf({ streams }), { api: api(() => items) }), {
        states: { a: parseJson(state) as JsonObject },
      });
    await reading().catch(() => undefined);
    expect(plain.polluted).toBeUndefined();
  }
});

it('headers, parameters and streams with such names are sent and found as data', async () => {
  const transport = api(() => items);
  const requester = parseJson(
    '{"request_headers":{"__proto__":"h","constructor":"c"},"request_parameters":{"__proto__":"p","toString":"t"}}',
  ) as JsonObject;
  const connection = await connect(manifestOf({ streams: [streamOf('__proto__', '/a', { requester })] }), {
    api: transport,
  });
  expect(connection.streams.map(({ name }) => name)).toEqual(['__proto__']);
  await readAll(connection);
  expect(transport.asked[0]).toContain('toString=t');
});
