import { readFileSync } from 'node:fs';
import { check } from '@tidemark/interpolation';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  compileSchema,
  type Diagnostic,
  formatDiagnostic,
  readManifest,
  resolveManifest,
  type SchemaValidator,
  validateManifest,
} from '../../src/manifest/index.js';
import { schema, vocabulary } from './fixtures/language.js';
import { MEANING_MISTAKES } from './fixtures/meaning-mistakes.js';
import { SHAPE_MISTAKES } from './fixtures/shape-mistakes.js';

const VALID = readFileSync(new URL('./fixtures/valid.yaml', import.meta.url), 'utf8');

let validator: SchemaValidator;
beforeAll(async () => {
  validator = await compileSchema(schema);
});

function validate(text: string): Diagnostic[] {
  return validateManifest(resolveManifest(readManifest(text), vocabulary), vocabulary, { validator, templates: check });
}

const sentence = (diagnostic: Diagnostic): string =>
  formatDiagnostic({ ...diagnostic, via: undefined }).replace(/^manifest\.yaml:\d+:\d+ /, '');

it('finds nothing wrong with a manifest that is right', () => {
  expect(validate(VALID)).toEqual([]);
});

describe.each([
  ['shape', SHAPE_MISTAKES],
  ['meaning', MEANING_MISTAKES],
])('seeded mistakes of %s', (_kind, mistakes) => {
  it.each(mistakes)('$name', ({ edits, said }) => {
    let text = VALID;
    for (const [old, now] of edits) {
      expect(text).toContain(old);
      text = text.replace(old, () => now);
    }
    const found = validate(text);
    expect(found.map(sentence)).toEqual([said]);
    expect(text.split('\n')[(found[0] as Diagnostic).at.line - 1]).toContain('#!');
  });
});

it('says several mistakes at once, in the order of the file, each with the way to it', () => {
  const text = VALID.replace('page_size: 100', 'page_size: [100]')
    .replace('- users', '- user')
    .replace('step: P30D', 'step: 30');
  expect(validate(text).map(formatDiagnostic)).toEqual([
    "manifest.yaml:6:7 check names the stream 'user', which does not exist (streams: users, posts). Did you mean 'users'?",
    "manifest.yaml:43:18 'page_size' must be an integer or a text, and this is a list (through manifest.yaml:80:11, manifest.yaml:61:26)",
    "manifest.yaml:70:13 'step' must be a text, and this is the number 30 (through manifest.yaml:80:11)",
  ]);
});

it('says where in a parsed manifest, which has no lines', () => {
  const read = readManifest({ version: '1', check: { type: 'CheckStream', stream_names: 5 } }, { file: 'config' });
  const found = validateManifest(resolveManifest(read, vocabulary), vocabulary, { validator });
  expect(found.map(formatDiagnostic)).toEqual([
    "config check.stream_names: 'stream_names' must be a list, and this is the number 5",
  ]);
});

it('takes a bounded time, however many mistakes there are', () => {
  const fields = Array.from({ length: 20_000 }, (_, i) => `  field_${i}: "{{ config['f${i}'] }}"`).join('\n');
  const names = Array.from({ length: 20_000 }, (_, i) => `    - stream_${i}`).join('\n');
  const before = process.cpuUsage();
  const found = validate(
    `version: "1"\ncheck:\n  type: CheckStream\n  stream_names:\n${names}\nspec:\n  type: Spec\n  connection_specification: {}\n${fields}\n`,
  );
  expect(found.length).toBe(40_000);
  expect(process.cpuUsage(before).user).toBeLessThan(10_000_000);
  const stream = `{retriever: {requester: {path: "${'{{ {% '.repeat(200_000)}"}, record_selector: {extractor: {field_path: []}}}}`;
  const runaway = validate(`version: "1"\ncheck: {type: CheckStream, stream_names: []}\nstreams: [${stream}]\n`);
  expect(runaway.map(({ code }) => code)).toEqual(['bad-template']);
});
