import type { JsonObject } from '@tidemark/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RequestParts, requesterSlot } from '../../src/components/requesters/slot.js';
import { json, type LocalServer, serve } from '../http/local-server.js';
import { type TestContext, testContext } from './test-context.js';

let api: LocalServer;
let test: TestContext;
beforeEach(async () => {
  api = await serve((_request, response) => json(response, { ok: true }));
  test = testContext({ id: 7, token: 's3cret-token', flag: true });
});
afterEach(async () => {
  await test.close();
  await api.close();
});

async function ask(raw: JsonObject, parts: RequestParts = {}, scope: Record<string, unknown> = {}) {
  const requester = test.build({ type: 'HttpRequester', url_base: api.url, ...raw }, requesterSlot);
  await requester.send({ scope, parts, signal: new AbortController().signal });
  return api.asked.at(-1)!;
}

describe('the URL', () => {
  it.each([
    ['', 'items', '/items'],
    ['/', 'items', '/items'],
    ['/v1', '/items', '/v1/items'],
    ['/v1/', '//items', '/v1/items'],
    ['/v1', '', '/v1'],
    ['/v1/', 'a/../b', '/v1/b'],
    ['/v1', '?a=1', '/v1/?a=1'],
    ['/v1', 'a b/ü', '/v1/a%20b/%C3%BC'],
    ['/v1', 'reports:run', '/v1/reports:run'],
    ['/v1', 'x%2Fy/100%', '/v1/x%252Fy/100%25'],
  ])('base %s and path %s', async (base, path, wanted) => {
    expect((await ask({ url_base: api.url + base, path })).url).toBe(wanted);
  });

  it('takes `url` whole, and a page token for the path below it', async () => {
    expect((await ask({ url_base: null, url: `${api.url}/v1/items` })).url).toBe('/v1/items');
    expect(
      (await ask({ url_base: null, url: `${api.url}/v1/items` }, { path: `${api.url}/v1/items?page=2` })).url,
    ).toBe('/v1/items?page=2');
    expect((await ask({ url_base: `${api.url}/v1/`, path: 'items' }, { path: `${api.url}/v1/items?page=2` })).url).toBe(
      '/v1/items?page=2',
    );
    expect((await ask({ path: 'items' }, { path: '/other?page=2' })).url).toBe('/other?page=2');
  });

  it('evaluates templates with the scope of the order', async () => {
    const asked = await ask({ path: 'items/{{ stream_slice.pid }}/{{ config.id }}' }, {}, { stream_slice: { pid: 3 } });
    expect(asked.url).toBe('/items/3/7');
  });
});

describe('the query', () => {
  it('writes values as Python does', async () => {
    const asked = await ask({
      path: 'q',
      request_parameters: {
        text: 'a b&c=ü',
        list: "{{ ['x', 'y'] }}",
        number: '007',
        whole: '10',
        float: '1.50',
        truth: '{{ config.flag }}',
        missing: '{{ config.nothing }}',
        'k{{ config.id }}': 'key',
        date: '2024-01-02T00:00:00+00:00',
        signs: '~-_.!*()',
      },
    });
    const query = asked.url.slice(asked.url.indexOf('?') + 1).split('&');
    expect(query).toEqual([
      'text=a+b%26c%3D%C3%BC',
      'list=x',
      'list=y',
      'number=007',
      'whole=10',
      'float=1.50',
      'truth=True',
      'k7=key',
      'date=2024-01-02T00%3A00%3A00%2B00%3A00',
      'signs=~-_.%21%2A%28%29',
    ]);
  });

  it('keeps the query of the path, and does not repeat what is in it', async () => {
    const asked = await ask(
      { path: 'q?limit=10&x=1', request_parameters: { limit: '10', x: '2' } },
      { params: { page: 3 } },
    );
    expect(asked.url).toBe('/q?limit=10&x=1&x=2&page=3');
  });

  it('takes a template that gives the whole', async () => {
    expect((await ask({ path: 'q', request_parameters: "{{ {'a': 1, 'b': None} }}" })).url).toBe('/q?a=1');
  });

  it('refuses the same parameter from two sides', async () => {
    await expect(ask({ path: 'q', request_parameters: { page: '1' } }, { params: { page: 2 } })).rejects.toThrow(
      /'page' of a request is given twice/,
    );
  });
});

describe('headers', () => {
  it('evaluates them and adds those of others', async () => {
    const asked = await ask(
      {
        path: 'h',
        request_headers: {
          'X-Id': '{{ config.id }}',
          'X-Version': '1.50',
          'X-Whole': '2.0',
          'X-None': '{{ config.nothing }}',
          'X-Flag': '{{ config.flag }}',
        },
      },
      { headers: { 'X-More': 5 } },
    );
    expect(asked.headers).toMatchObject({
      'x-id': '7',
      'x-version': '1.5',
      'x-whole': '2.0',
      'x-flag': 'True',
      'x-more': '5',
    });
  });
});

describe('the body', () => {
  const post = { path: 'b', http_method: 'POST' };
  it('sends a form', async () => {
    const asked = await ask(
      { ...post, request_body_data: { a: 'x y', list: "{{ ['1', '2'] }}" } },
      { bodyData: { more: 1 } },
    );
    expect(asked.body).toBe('a=x+y&list=1&list=2&more=1');
    expect(asked.headers['content-type']).toBe('application/x-www-form-urlencoded');
  });

  it('sends a text as it is', async () => {
    const asked = await ask({ ...post, request_body_data: 'select {{ config.id }}' });
    expect(asked.body).toBe('select 7');
    expect(asked.headers['content-type']).toBeUndefined();
  });

  it('sends JSON with evaluated values of any kind, without nulls', async () => {
    const asked = await ask(
      {
        ...post,
        request_body_json: {
          id: '{{ config.id }}',
          deep: { list: ['{{ config.flag }}', 'x'], none: '{{ None }}' },
          none: null,
        },
      },
      { bodyJson: { deep: { page: 2 } } },
    );
    expect(JSON.parse(asked.body)).toEqual({ id: 7, deep: { list: [true, 'x'], page: 2 } });
    expect(asked.headers['content-type']).toBe('application/json');
  });

  it('sends long numbers digit for digit', async () => {
    const asked = await ask(
      { ...post, request_body_json: { id: '{{ stream_slice.id }}' } },
      {},
      { stream_slice: { id: 12345678901234567890n } },
    );
    expect(asked.body).toBe('{"id":12345678901234567890}');
  });

  it.each<[JsonObject, string, string | undefined]>([
    [{ type: 'RequestBodyPlainText', value: 'hello {{ config.id }}' }, 'hello 7', undefined],
    [
      { type: 'RequestBodyUrlEncodedForm', value: { a: '{{ config.id }}', b: 'c d' } },
      'a=7&b=c+d',
      'application/x-www-form-urlencoded',
    ],
    [{ type: 'RequestBodyJsonObject', value: { a: '{{ config.id }}' } }, '{"a":7}', 'application/json'],
    [
      {
        type: 'RequestBodyGraphQL',
        value: {
          type: 'RequestBodyGraphQlQuery',
          query: '{ a(id: {{ config.id }}) }',
          variables: { n: '{{ config.id }}' },
        },
      },
      '{"query":"{ a(id: 7) }","variables":{"n":7}}',
      'application/json',
    ],
  ])('request_body %j', async (body, text, type) => {
    const asked = await ask({ ...post, request_body: body });
    expect(asked.body).toBe(text);
    expect(asked.headers['content-type']).toBe(type);
  });

  it('keeps a content type that is given', async () => {
    const asked = await ask({
      ...post,
      request_headers: { 'content-type': 'application/vnd.api+json' },
      request_body_json: { a: 1 },
    });
    expect(asked.headers['content-type']).toBe('application/vnd.api+json');
  });

  it('sends none where there is nothing to send, and one with GET', async () => {
    expect((await ask({ ...post, request_body_json: {} })).body).toBe('');
    expect((await ask({ path: 'b', request_body_json: { a: 1 } })).body).toBe('{"a":1}');
  });

  it('allows the same value at the same place of a JSON body, not two values', async () => {
    const same = { ...post, request_body_json: { a: { b: 1 } } };
    expect((await ask(same, { bodyJson: { a: { b: 1 } } })).body).toBe('{"a":{"b":1}}');
    await expect(ask(same, { bodyJson: { a: { b: 2 } } })).rejects.toThrow(/'a.b' of a request is given twice/);
    await expect(ask({ ...same, request_body_data: { x: '1' } })).rejects.toThrow(
      /either a body of data or a body of JSON/,
    );
    await expect(ask({ ...post, request_body_data: 'text' }, { bodyData: { x: 1 } })).rejects.toThrow(
      /only one of them/,
    );
  });
});

describe('credentials', () => {
  it('adds those of the authenticator and refuses a header that is there already', async () => {
    const authenticator = { type: 'BearerAuthenticator', api_token: '{{ config.token }}' };
    expect((await ask({ path: 'a', authenticator })).headers.authorization).toBe('Bearer s3cret-token');
    await expect(ask({ path: 'a', authenticator, request_headers: { Authorization: 'x' } })).rejects.toThrow(
      /'Authorization' of a request is given twice/,
    );
  });
});

describe('the cache', () => {
  it('asks once where it is told to keep answers', async () => {
    const raw = { type: 'HttpRequester', url_base: api.url, path: 'c', use_cache: true };
    const order = { scope: {}, parts: {}, signal: new AbortController().signal };
    for (let count = 0; count < 3; count++) await test.build(raw, requesterSlot).send(order);
    expect(api.asked).toHaveLength(1);
    for (let count = 0; count < 2; count++) await test.build({ ...raw, use_cache: false }, requesterSlot).send(order);
    expect(api.asked).toHaveLength(3);
  });
});

describe('fingerprint', () => {
  it('changes with what is asked for, and shows nothing of it', async () => {
    const make = (raw: JsonObject) =>
      test
        .build({ type: 'HttpRequester', url_base: api.url, ...raw }, requesterSlot)
        .fingerprint({ stream_slice: { id: 1 } });
    const one = make({ path: 'a', request_parameters: { key: '{{ config.token }}' } });
    expect(make({ path: 'a', request_parameters: { key: '{{ config.token }}' } })).toBe(one);
    expect(make({ path: 'b', request_parameters: { key: '{{ config.token }}' } })).not.toBe(one);
    expect(make({ path: 'a', request_parameters: { key: 'x' } })).not.toBe(one);
    expect(JSON.stringify(one)).not.toContain('s3cret');
  });
});
