import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { propagate, readManifest, resolveManifest, type Vocabulary } from '../../src/manifest/index.js';

// Nothing is known of these words but their defaults, so every one takes any field, as the reference has it.
const open: Vocabulary = {
  words: new Map(),
  defaultTypes: new Map([
    ['DeclarativeSource.streams', 'DeclarativeStream'],
    ['DeclarativeStream.retriever', 'SimpleRetriever'],
    ['SimpleRetriever.requester', 'HttpRequester'],
  ]),
  customTypes: new Map([['SimpleRetriever.requester', 'CustomRequester']]),
};
const closed: Vocabulary = { ...open, words: new Map([['HttpRequester', { fields: new Set(['path', 'headers']) }]]) };
const resolve = (text: string, vocabulary = open) => resolveManifest(readManifest(text), vocabulary);
const stream = (text: string, vocabulary = open) =>
  ((resolve(text, vocabulary).tree.streams as JsonObject[])[0] as { retriever: JsonObject }).retriever;

describe('default types', () => {
  it('by the field of the parent, of the custom list where there is a class_name, and none inside lists of unknown fields', () => {
    const tree = resolve(
      'streams: [{retriever: {requester: {a: 1}, other: {b: 2}}}, {retriever: {requester: {class_name: X}}}]\n',
    ).tree;
    expect(tree).toEqual({
      type: 'DeclarativeSource',
      streams: [
        {
          type: 'DeclarativeStream',
          retriever: { type: 'SimpleRetriever', requester: { type: 'HttpRequester', a: 1 }, other: { b: 2 } },
        },
        {
          type: 'DeclarativeStream',
          retriever: { type: 'SimpleRetriever', requester: { type: 'CustomRequester', class_name: 'X' } },
        },
      ],
    });
  });
});

describe('parameters', () => {
  it('fill what is missing or empty, the nearest winning, and stay with the component', () => {
    const text =
      'streams:\n  - $parameters: {name: far, path: /a, zero: 1}\n    retriever:\n      $parameters: {name: near}\n      requester: {path: "", zero: 0, kept: x}\n';
    expect(stream(text).requester).toEqual({
      type: 'HttpRequester',
      name: 'near',
      path: '/a',
      zero: 1,
      kept: 'x',
      $parameters: { name: 'near', path: '/a', zero: 1 },
    });
  });

  it('are not passed into the field of their own name, and an empty one is lost behind it', () => {
    const text = 'streams:\n  - $parameters: {retriever: {type: T, x: 1}, name: n}\n';
    expect(stream(text)).toEqual({ type: 'T', x: 1, name: 'n', $parameters: { name: 'n' } });
    const lost = 'streams: [{$parameters: {b: {}}, b: {type: B}, retriever: {}}]\n';
    expect(stream(lost)).toEqual({ type: 'SimpleRetriever' });
  });

  it('leave JSON Schemas and untyped mappings alone, but reach the components in these', () => {
    const text =
      'streams:\n  - $parameters: {p: 1}\n    retriever:\n      schema: {type: object, q: {type: X}}\n      union: {type: [string, "null"]}\n      properties: {type: {type: string}}\n      map: {a: {type: X}, b: {c: {type: X}}, d: [{type: X}]}\n      plain: {a: 1}\n';
    expect(stream(text)).toMatchObject({
      schema: { type: 'object', q: { type: 'X' } },
      union: { type: ['string', 'null'] },
      properties: { type: { type: 'string' } },
      map: { a: { type: 'X', p: 1, $parameters: { p: 1 } }, b: { c: { type: 'X' } }, d: [{ type: 'X' }] },
      plain: { a: 1 },
    });
    expect((stream(text).map as JsonObject).b).toEqual({ c: { type: 'X' } });
  });

  it('are only written where the component has such a field', () => {
    const text = 'streams:\n  - $parameters: {name: n, path: /a}\n    retriever: {requester: {}}\n';
    expect(stream(text, closed).requester).toEqual({
      type: 'HttpRequester',
      path: '/a',
      $parameters: { name: 'n', path: '/a' },
    });
  });

  it('of a template lose against those from above when asked so', () => {
    const { positions } = readManifest('a: 1');
    const component = { type: 'X', $parameters: { a: 'own', b: 'own' } };
    expect(propagate(component, { a: 'above' }, open, positions)).toMatchObject({ a: 'own', b: 'own' });
    expect(propagate(component, { a: 'above' }, open, positions, { parentWins: true })).toMatchObject({
      a: 'above',
      b: 'own',
    });
    expect(component).toEqual({ type: 'X', $parameters: { a: 'own', b: 'own' } });
  });

  it('lead back to the line where they were given', () => {
    const { tree, positions } = resolve(
      'streams:\n  - $parameters:\n      path: /a\n    retriever:\n      requester: {}\n',
    );
    expect(positions.locate(tree, ['streams', 0, 'retriever', 'requester', 'path'])).toMatchObject({
      at: { line: 3, column: 13 },
      via: [{ line: 5, column: 18 }],
    });
    const [first] = tree.streams as { retriever: { requester: JsonObject } }[];
    const requester = first?.retriever.requester ?? {};
    expect(positions.isWritten(requester, 'path')).toBe(false);
    expect(positions.isWritten(tree, 'streams')).toBe(true);
  });

  it('that would multiply without end are refused', () => {
    const many = Array.from({ length: 12 }, (_, i) => `p${i}: {type: T}`).join(', ');
    expect(resolve(`streams: [{$parameters: {${many}}}]\n`).diagnostics.map(({ code }) => code)).toEqual([
      'parameters-size',
    ]);
    const deep = Array.from({ length: 2000 }, (_, i) => `p${i}: {type: T}`).join(', ');
    expect(resolve(`streams: [{$parameters: {${deep}}}]\n`).diagnostics.map(({ code }) => code)).toEqual([
      'parameters-size',
    ]);
  });
});
