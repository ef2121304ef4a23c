import { stringify } from '@tidemark/protocol';
import { changesOf } from '@tidemark/source';
import { Binary, Double, Long, ObjectId } from 'mongodb';
import { expect, it } from 'vitest';
import { describeWith, mongodb } from '../../../../scripts/servers/vitest.mjs';
import { column, fill, open, readStream } from './server.js';
import { VALUES } from './typed-values.js';

const NONE = { reading: { method: 'none' as const } };

describeWith(mongodb, 'mongodb: values', (server) => {
  it('keeps every value, and notes what cannot be carried', async () => {
    const document = Object.fromEntries(Object.entries(VALUES).map(([name, [value]]) => [name, value]));
    // The driver takes a field of this name for a type of its own.
    delete document._bsontype;
    await fill(server(), 'typed', [{ _id: 1, ...document, deep: { inner: [1, Number.NaN] } }]);
    const { connection } = await open(server(), { ...NONE, streams: [{ name: 'typed' }] });
    const { sent, errors } = await readStream(connection, 'typed');
    expect(errors).toEqual([]);
    const [message] = sent;
    const record = message?.kind === 'record' ? message.record : {};
    for (const [name, [, json]] of Object.entries(VALUES))
      if (name !== '_bsontype') expect([name, stringify(record[name])]).toEqual([name, json]);
    expect(record.deep).toEqual({ inner: [1, null] });
    const lost = Object.entries(VALUES).flatMap(([name, [, , isLost]]) => (isLost ? [name] : []));
    expect(changesOf(record)).toEqual(
      [...lost, 'deep.inner.1'].map((field) => ({ field, change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR' })),
    );
    await connection.close();
  });

  it('gives whole documents without a schema', async () => {
    await fill(server(), 'loose', [
      { _id: new ObjectId('1'.padStart(24, '0')), a: 1, b: { c: Long.MAX_VALUE } },
      { _id: new ObjectId('2'.padStart(24, '0')), z: Number.NaN },
    ]);
    const { connection } = await open(server(), { ...NONE, streams: [{ name: 'loose' }] }, { schemaless: true });
    const description = await connection.streams[0]!.describe();
    expect(Object.keys(description.json_schema.properties as object)).toEqual(['_id', 'data']);
    const { sent } = await readStream(connection, 'loose');
    const records = sent.flatMap((message) => (message.kind === 'record' ? [message.record] : []));
    expect(stringify(records)).toBe(
      stringify([
        {
          _id: '000000000000000000000001',
          data: { _id: '000000000000000000000001', a: 1, b: { c: 9_223_372_036_854_775_807n } },
        },
        { _id: '000000000000000000000002', data: { _id: '000000000000000000000002', z: null } },
      ]),
    );
    expect(changesOf(records[1]!)).toEqual([
      { field: 'data.z', change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR' },
    ]);
    await connection.close();
  });

  it('makes the schema from a sample: every type that a field has, null always', async () => {
    await fill(server(), 'sampled', [
      {
        _id: 'a',
        whole: 1,
        price: 5,
        mixed: 'x',
        at: new Date(),
        raw: new Binary(Buffer.alloc(1)),
        list: [1],
        only: null,
      },
      { _id: 'b', whole: Long.ONE, price: new Double(7), mixed: 2, at: null, nested: { a: 1 } },
    ]);
    const { connection } = await open(server(), { ...NONE, streams: [{ name: 'sampled' }] });
    const { json_schema, source_defined_primary_key, is_resumable } = await connection.streams[0]!.describe();
    expect(source_defined_primary_key).toEqual([['_id']]);
    expect(is_resumable).toBe(true);
    expect(Object.keys(json_schema.properties as object)).toEqual([
      '_id',
      ...['at', 'list', 'mixed', 'nested', 'only', 'price', 'raw', 'whole'],
    ]);
    expect(json_schema.properties).toEqual({
      _id: { type: 'string' },
      whole: { type: ['null', 'integer'] },
      price: { type: ['null', 'number'] },
      mixed: { type: ['null', 'integer', 'string'] },
      at: { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_with_timezone' },
      raw: { type: ['null', 'string'], contentEncoding: 'base64' },
      list: { type: ['null', 'array'] },
      only: { type: ['null', 'string'] },
      nested: { type: ['null', 'object'], additionalProperties: true },
    });
    await connection.close();
  });

  it('reads a field that the catalog has and the sample missed, and tells of fields that the catalog lacks', async () => {
    await fill(
      server(),
      'sparse',
      Array.from({ length: 5 }, (_, i) => ({ _id: i, common: i, ...(i === 4 ? { rare: 'r', newer: 'n' } : {}) })),
    );
    const { connection, logs } = await open(
      server(),
      { ...NONE, streams: [{ name: 'sparse' }] },
      { discover_sample_size: 1 },
    );
    const [stream] = connection.streams;
    const properties = { _id: {}, common: {}, rare: { type: ['null', 'string'] } };
    const opened = await stream!.open(undefined, { schema: { properties } });
    const records: unknown[] = [];
    const { signal } = new AbortController();
    for await (const unit of opened.cursor.plan(signal)) {
      for await (const page of opened.read(unit, { signal })) {
        records.push(...page.records);
        opened.cursor.page(unit, page);
      }
      opened.cursor.close(unit);
    }
    expect(records.at(-1)).toEqual({ _id: 4, common: 4, rare: 'r' });
    const isSampled = Object.hasOwn((await stream!.describe()).json_schema.properties as object, 'newer');
    if (!isSampled) expect(logs.join('\n')).toContain("the field 'newer', which the catalog has not");
    await connection.close();
  });

  it('leaves a field out of the schema and out of the record when a document has none', async () => {
    await fill(server(), 'holes', [{ _id: 1, a: 1 }, { _id: 2 }]);
    const { connection } = await open(server(), { ...NONE, streams: [{ name: 'holes' }] });
    expect(column((await readStream(connection, 'holes')).sent, 'a')).toEqual([1, undefined]);
    await connection.close();
  });
});
