import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { migrateManifest, readManifest, resolveManifest, type Vocabulary } from '../../src/manifest/index.js';

const nothing: Vocabulary = { words: new Map(), defaultTypes: new Map(), customTypes: new Map() };
const migrate = (requester: string) =>
  migrateManifest(
    resolveManifest(readManifest(`version: 1.0.0\nr: {type: HttpRequester, ${requester}}\n`), nothing),
    () => 0,
  ).tree;

describe('url_base and path become url', () => {
  it.each([
    ['url_base: "https://a.b/v1", path: /users', 'https://a.b/v1/users'],
    ['url_base: "https://a.b/v1/", path: "users?x=1"', 'https://a.b/v1/users?x=1'],
    [
      'url_base: "https://{{ config[\'host\'] }}/v1", path: "{{ parameters.path }}/x"',
      "https://{{ config['host'] }}/v1/{{ parameters.path }}/x",
    ],
    ['url_base: "https://a.b/v1"', 'https://a.b/v1'],
    ['url: "https://a.b/v1", path: ""', 'https://a.b/v1'],
    ['url: "https://a.b/v1/x", path: "../y"', 'https://a.b/v1/y'],
    ['url: "https://a.b", path: "https://c.d/e"', 'https://c.d/e'],
  ])('%s', (requester, url) => {
    expect(migrate(requester).r).toEqual({ type: 'HttpRequester', url });
  });
});

describe('bodies become request_body', () => {
  it.each([
    ['request_body_json: {a: 1}', { type: 'RequestBodyJsonObject', value: { a: 1 } }],
    ['request_body_json: {query: "{ x }"}', { type: 'RequestBodyGraphQL', value: { query: '{ x }' } }],
    ['request_body_data: {a: 1}', { type: 'RequestBodyUrlEncodedForm', value: { a: 1 } }],
  ])('%s', (requester, body) => {
    expect(migrate(requester).r).toEqual({ type: 'HttpRequester', request_body: body });
  });

  it('but a text that makes JSON stays', () => {
    expect(migrate('request_body_json: "{{ x }}"').r).toEqual({ type: 'HttpRequester', request_body_json: '{{ x }}' });
  });
});

it('says what it applied, keeps places, and leaves dynamic streams alone', () => {
  const resolved = resolveManifest(
    readManifest(
      'version: 1.0.0\na:\n  type: HttpRequester\n  url_base: u\nd: {type: DynamicDeclarativeStream, r: {type: HttpRequester, url_base: u}}\n',
    ),
    nothing,
  );
  const { tree, positions } = migrateManifest(resolved, () => 0);
  expect(tree.metadata).toEqual({
    applied_migrations: [
      {
        from_version: '1.0.0',
        to_version: '*',
        migration: 'HttpRequesterUrlBaseToUrl',
        migrated_at: '1970-01-01T00:00:00.000Z',
      },
    ],
  });
  expect(positions.locate(tree, ['a', 'url']).at).toMatchObject({ line: 4, column: 13 });
  expect((tree.d as JsonObject).r).toEqual({ type: 'HttpRequester', url_base: 'u' });
  expect(migrateManifest({ ...resolved, tree: { a: 1 } }).tree).toEqual({ a: 1 });
});
