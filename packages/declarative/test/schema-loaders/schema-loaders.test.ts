import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { cachedSchema } from '../../src/components/schema-loaders/cached-schema.js';
import { customSchemaLoader } from '../../src/components/schema-loaders/custom-schema-loader.js';
import { inlineSchemaLoader } from '../../src/components/schema-loaders/inline-schema-loader.js';
import { jsonFileSchemaLoader } from '../../src/components/schema-loaders/json-file-schema-loader.js';
import { schemaLoaderSlot } from '../../src/components/schema-loaders/slot.js';
import { build, buildContext, type WordSetup } from '../selectors/build-word.js';

const WORDS = [customSchemaLoader, inlineSchemaLoader, jsonFileSchemaLoader];
const load = (raw: JsonObject, setup?: WordSetup) => build(raw, schemaLoaderSlot, WORDS, setup).load();

describe('InlineSchemaLoader', () => {
  it('gives the schema as it stands', () => {
    const schema = { type: 'object', properties: { id: { type: 'integer' } } };
    expect(load({ type: 'InlineSchemaLoader', schema })).toBe(schema);
    expect(load({ type: 'InlineSchemaLoader' })).toEqual({});
  });
});

describe('JsonFileSchemaLoader', () => {
  const users = { type: 'object', properties: { id: { type: 'integer' } } };
  const file = (files: Record<string, JsonObject | string>) => ({
    files: Object.fromEntries(
      Object.entries(files).map(([path, text]) => [path, typeof text === 'string' ? text : JSON.stringify(text)]),
    ),
  });

  it.each([
    ['./schemas/users.json', 'schemas/users.json'],
    ['/schemas/users.json', 'schemas/users.json'],
    ['./source_x/schemas/users.json', 'schemas/users.json'],
    ["./source_x/schemas/{{ parameters['name'] }}.json", 'source_x/schemas/users.json'],
    [undefined, 'schemas/users.json'],
  ])('reads %s', (file_path, there) => {
    const raw = { type: 'JsonFileSchemaLoader', ...(file_path ? { file_path } : {}), $parameters: { name: 'users' } };
    expect(load(raw, file({ [there]: users }))).toEqual(users);
  });

  it('resolves references within the file and to others', () => {
    const schema = {
      properties: {
        a: { $ref: '#/definitions/a' },
        b: { $ref: 'address.json' },
        c: { $ref: 'address.json#/properties/city' },
      },
      definitions: { a: { type: 'string' } },
    };
    const address = {
      type: 'object',
      properties: { city: { $ref: '#/definitions/t' } },
      definitions: { t: { type: 'string' } },
    };
    const found = load(
      { type: 'JsonFileSchemaLoader', file_path: 's/u.json' },
      file({ 's/u.json': schema, 's/shared/address.json': address }),
    );
    expect(found).toEqual({
      properties: {
        a: { type: 'string' },
        b: { type: 'object', properties: { city: { type: 'string' } } },
        c: { type: 'string' },
      },
    });
  });

  it.each([
    ['a file that is not there', {}, 'is not in the connector'],
    ['what is not JSON', { 'u.json': '{' }, 'is not JSON'],
    ['what is no object', { 'u.json': '[]' }, 'holds no JSON object'],
    ['a reference to nowhere', { 'u.json': { a: { $ref: '#/definitions/x' } } }, 'refers to #/definitions/x'],
    ['a reference to a file that is not there', { 'u.json': { a: { $ref: 'y.json' } } }, 'refers to y.json'],
    ['a circle', { 'u.json': { a: { $ref: '#/a' } } }, 'in a circle'],
  ])('refuses %s', (_, files, message) => {
    expect(() =>
      load({ type: 'JsonFileSchemaLoader', file_path: 'u.json' }, file(files as Record<string, JsonObject>)),
    ).toThrow(message);
  });
});

describe('cachedSchema', () => {
  const stream = (files: Record<string, string> = {}) => ({
    name: 's',
    parameters: {},
    context: buildContext([], { files }),
  });

  it('merges several: the first wins', async () => {
    const schema = cachedSchema(
      [
        { load: () => ({ properties: { a: { type: 'string' } } }) },
        { load: async () => ({ properties: { a: {}, b: { type: 'integer' } } }) },
      ],
      stream(),
    );
    expect(await schema()).toEqual({
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: ['null', 'object'],
      properties: { a: { type: 'string' }, b: { type: 'integer' } },
    });
  });

  it('loads once, but again after a failure', async () => {
    let count = 0;
    const loader = {
      load: async () => {
        count += 1;
        if (count === 1) throw new Error('down');
        return { title: String(count) };
      },
    };
    const schema = cachedSchema(loader, stream());
    await expect(schema()).rejects.toThrow('down');
    expect(await schema()).toEqual({ title: '2' });
    expect(await schema()).toEqual({ title: '2' });
  });

  it('finds the file of the stream where it has no loader, and nothing where there is none', () => {
    expect(cachedSchema(undefined, stream({ 'schemas/s.json': '{"title":"S"}' }))()).toEqual({ title: 'S' });
    expect(cachedSchema(undefined, stream())()).toEqual({});
  });
});

describe('CustomSchemaLoader', () => {
  it('is the author’s own', async () => {
    const custom =
      () =>
      ({ config }: { config?: unknown }) => ({ load: async () => ({ title: String(config) }) });
    expect(await load({ type: 'CustomSchemaLoader', class_name: 'a.B' }, { custom: () => custom() })).toEqual({
      title: 'undefined',
    });
  });
});
