import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { type Answer, api, connect, manifestOf, readAll, streamOf } from '../run-source.js';

const chunked = (more: JsonObject = {}): JsonObject => ({
  type: 'QueryProperties',
  property_list: ['name', 'email'],
  property_chunking: { type: 'PropertyChunking', property_limit_type: 'property_count', property_limit: 1 },
  ...more,
});

async function readWith(
  properties: JsonObject,
  answer: (asked: string[]) => Answer,
  more: { retriever?: JsonObject; stream?: JsonObject; requester?: JsonObject } = {},
) {
  const transport = api((path) => answer((new URL(path, 'http://x').searchParams.get('p') ?? '').split(',')));
  const requester = { ...more.requester, request_parameters: { p: properties } };
  const stream = streamOf('a', '/a', { ...more, requester });
  const out = await readAll(await connect(manifestOf({ streams: [stream] }), { api: transport }));
  return { ...out, asked: transport.asked };
}

describe('QueryProperties', () => {
  it('puts records together by numbers, at any place of the page, nested fields too', async () => {
    const { records } = await readWith(chunked(), ([property]) => ({
      items:
        property === 'name'
          ? [
              { id: 0, p: { name: 'a' } },
              { id: 2, p: { name: 'b' } },
            ]
          : [
              { id: 2, p: { email: 'e2' } },
              { id: 0, p: { email: 'e0' } },
            ],
    }));
    expect(records.a).toEqual([
      { id: 0, p: { name: 'a', email: 'e0' } },
      { id: 2, p: { name: 'b', email: 'e2' } },
    ]);
  });

  it('keeps rows apart that have one key', async () => {
    const { records } = await readWith(chunked(), ([property]) => ({
      items: [
        { id: 1, [property!]: 'first' },
        { id: 1, [property!]: 'second' },
      ],
    }));
    expect(records.a).toEqual([
      { id: 1, name: 'first', email: 'first' },
      { id: 1, name: 'second', email: 'second' },
    ]);
  });

  it('filters and changes whole records, not their parts', async () => {
    const selector = {
      type: 'RecordSelector',
      extractor: { type: 'DpathExtractor', field_path: ['items'] },
      record_filter: { type: 'RecordFilter', condition: "{{ record['email'] == 'x' }}" },
    };
    const { records } = await readWith(
      chunked(),
      ([property]) => ({
        items: [
          { id: 1, [property!]: 'x' },
          { id: 2, [property!]: 'y' },
        ],
      }),
      {
        retriever: { record_selector: selector },
        stream: {
          transformations: [
            { type: 'AddFields', fields: [{ path: ['both'], value: "{{ record['name'] ~ record['email'] }}" }] },
          ],
        },
      },
    );
    expect(records.a).toEqual([{ id: 1, name: 'x', email: 'x', both: 'xx' }]);
  });

  it('finds keys that only a transformation makes', async () => {
    const { records } = await readWith(
      chunked(),
      ([property]) => ({
        items: [
          { ID: 7, [property!]: 1 },
          { ID: 8, [property!]: 2 },
        ],
      }),
      { stream: { transformations: [{ type: 'KeysToLower' }] } },
    );
    expect(records.a).toEqual([
      { id: 7, name: 1, email: 1 },
      { id: 8, name: 2, email: 2 },
    ]);
  });

  it('emits parts that have no key as they are', async () => {
    const { records } = await readWith(chunked(), ([property]) => ({ items: [{ [property!]: 1 }] }));
    expect(records.a).toEqual([{ name: 1 }, { email: 1 }]);
  });

  it('asks for a property that is longer than the limit alone, never for none', async () => {
    const properties = chunked({
      property_list: ['a-very-long-property', 'b'],
      always_include_properties: ['id'],
      property_chunking: { type: 'PropertyChunking', property_limit_type: 'characters', property_limit: 5 },
    });
    const { asked } = await readWith(properties, () => ({ items: [] }));
    expect(asked).toEqual(['GET /a?p=id,a-very-long-property', 'GET /a?p=id,b']);
  });

  it('stands in one place of a requester', async () => {
    const endpoint = {
      type: 'PropertiesFromEndpoint',
      property_field_path: ['name'],
      retriever: (streamOf('p', '/properties') as { retriever: JsonObject }).retriever,
    };
    const twice = streamOf('a', '/a', { requester: { request_parameters: { p: chunked(), q: chunked() } } });
    await expect(connect(manifestOf({ streams: [twice] }))).rejects.toThrow('in one place, and here are 2');
    const both = streamOf('a', '/a', {
      requester: { request_parameters: { p: chunked() }, fetch_properties_from_endpoint: endpoint },
    });
    await expect(connect(manifestOf({ streams: [both] }))).rejects.toThrow('not both');
  });

  it('asks the API for the properties once in a run, whatever the pages and partitions', async () => {
    let count = 0;
    const transport = api((path) => {
      if (path !== '/properties') return { items: path.includes('page=2') ? [] : [{ id: path }] };
      count++;
      return { items: [{ name: 'x' }, { other: 1 }, { name: 'y' }] };
    });
    const stream = streamOf('a', '/a/{{ stream_partition.n }}', {
      requester: {
        query_properties: {
          type: 'QueryProperties',
          property_list: {
            type: 'PropertiesFromEndpoint',
            property_field_path: ['name'],
            retriever: (streamOf('p', '/properties') as { retriever: JsonObject }).retriever,
          },
        },
        request_parameters: { f: "{{ stream_partition.extra_fields['query_properties'] | join('+') }}" },
      },
      retriever: {
        partition_router: { type: 'ListPartitionRouter', values: ['1', '2'], cursor_field: 'n' },
        paginator: {
          type: 'DefaultPaginator',
          page_token_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'page' },
          pagination_strategy: { type: 'PageIncrement', start_from_page: 1, page_size: 1 },
        },
      },
      stream: { transformations: [{ type: 'AddFields', fields: [{ path: ['t'], value: 'T' }] }] },
    });
    const { records, errors } = await readAll(await connect(manifestOf({ streams: [stream] }), { api: transport }));
    expect(errors).toEqual([]);
    expect(count).toBe(1);
    expect(records.a!.map(({ id }) => id).sort()).toEqual(['/a/1?f=x+y', '/a/2?f=x+y']);
    expect(records.a![0]).toHaveProperty('t', 'T');
  });
});
