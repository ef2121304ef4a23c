import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { manifestSchema } from '../../src/component/json-schema.js';
import { language, vocabulary } from '../../src/language.js';
import { readManifest, resolveManifest } from '../../src/manifest/index.js';
import { interpretSchema, KEYWORDS_READ } from '../../src/manifest/schema-interpreter.js';
import { compileSchema, type SchemaError, type SchemaValidator } from '../../src/manifest/schema-validator.js';
import { SHAPE_MISTAKES } from './fixtures/shape-mistakes.js';

const VALID = readFileSync(new URL('./fixtures/valid.yaml', import.meta.url), 'utf8');
const folder = fileURLToPath(new URL('../../../../../shared/conformance/manifests/', import.meta.url));
const published = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.yaml')) : [];
const schema = manifestSchema(language);
const interpreted = interpretSchema(schema);
let compiled: SchemaValidator;
beforeAll(async () => {
  compiled = await compileSchema(schema);
}, 120_000);

/** What the two say alike: ajv adds that the `then` of an `if` does not hold, which nobody needs. */
const said = (errors: readonly SchemaError[]): unknown[] =>
  errors
    .filter(({ keyword }) => keyword !== 'if')
    .map(({ keyword, instancePath, params }) => ({ keyword, instancePath, params }));
const treeOf = (text: string): unknown => resolveManifest(readManifest(text), vocabulary).tree;

describe('interpretSchema says what ajv says', () => {
  it('reads every keyword of the language that decides anything', () => {
    const prose = /^(\$schema|title|description|examples|default|definitions|x-.*)$/;
    const unread = new Set<string>();
    const visit = (node: unknown): void => {
      if (Array.isArray(node)) node.forEach(visit);
      if (node === null || typeof node !== 'object' || Array.isArray(node)) return;
      for (const [keyword, value] of Object.entries(node)) {
        if (!prose.test(keyword) && !KEYWORDS_READ.has(keyword)) unread.add(keyword);
        if (/^(examples|default|enum|const|required)$/.test(keyword)) continue;
        if (/^(properties|definitions)$/.test(keyword)) Object.values(value as object).forEach(visit);
        else visit(value);
      }
    };
    visit(schema);
    expect([...unread]).toEqual([]);
  });

  it.each(SHAPE_MISTAKES)('of the mistake: $name', ({ edits }) => {
    const tree = treeOf(edits.reduce((text, [old, now]) => text.replace(old, () => now), VALID));
    expect(said(interpreted(tree))).toEqual(said(compiled(tree)));
  });

  it.each(
    Object.entries({
      'no object': 7,
      nothing: {},
      null: null,
      'another type': { type: 'DeclarativeStream' },
      'a number as type': { type: 3 },
      'names that objects have by nature': { type: 'DeclarativeSource', constructor: 1, toString: 2, streams: 'x' },
      'slashes and tildes in names': { type: 'DeclarativeSource', check: { 'a/b~c': 1 } },
    }),
  )('of %s', (_name, tree) => {
    expect(said(interpreted(tree))).toEqual(said(compiled(tree)));
  });

  it.skipIf(published.length === 0)('of published manifests, whole and with a part of another kind', () => {
    for (const [index, file] of published.entries()) {
      const tree = treeOf(readFileSync(folder + file, 'utf8')) as { streams?: unknown[] };
      expect(said(interpreted(tree)), file).toEqual(said(compiled(tree)));
      if (index % 6 > 0) continue;
      for (const broken of damaged(tree)) expect(said(interpreted(broken)), file).toEqual(said(compiled(broken)));
    }
  });
});

/** The tree with a value deep inside replaced by something that does not belong there. */
function* damaged(tree: unknown): Iterable<unknown> {
  const text = JSON.stringify(tree);
  const places = [...text.matchAll(/":("(?:[^"\\]|\\.)*"|\d+|true|false)/g)];
  for (const part of [0.2, 0.5, 0.8]) {
    const place = places[Math.floor(places.length * part)];
    if (!place) continue;
    const at = place.index + 2;
    for (const instead of ['[1]', '{"type":"Nobody"}', '2.5']) {
      yield JSON.parse(text.slice(0, at) + instead + text.slice(at + place[1]!.length));
    }
  }
}
