import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { manifestSchema } from '../../src/component/json-schema.js';
import { language } from '../../src/language.js';
import { authorSchema } from '../../src/reference/author-schema.js';
import { ERROR_CODES } from '../../src/reference/error-codes.js';
import { brokenManifest } from '../../src/reference/error-page.js';
import { EXAMPLE_MANIFEST } from '../../src/reference/example-manifest.js';

const validate = new Ajv({ strict: false, validateFormats: false }).compile(
  authorSchema(manifestSchema(language), language),
);
const accepts = (text: string) => validate(load(text));

/** What an editor says while a manifest is written, references and all. */
describe('the schema for editors', () => {
  it('accepts a manifest with references in it', () => {
    expect(accepts(EXAMPLE_MANIFEST)).toBe(true);
  });

  it('accepts a component whose type its place decides, and one that is known by its class', () => {
    const short = EXAMPLE_MANIFEST.replaceAll(
      '          type: DpathExtractor\n',
      '          class_name: source_x.components.X\n',
    );
    expect(short).not.toBe(EXAMPLE_MANIFEST);
    expect(accepts(short)).toBe(true);
  });

  it.each(['unknown-type', 'unknown-field', 'wrong-type', 'wrong-value'] as const)('refuses %s', (code) => {
    // In a stream that stands where it is used: definitions may hold anything.
    const text = brokenManifest(ERROR_CODES[code].edits!);
    const inline = load(text) as { definitions: Record<string, unknown>; streams: unknown[] };
    const { projects, tasks, paginator } = inline.definitions as Record<
      string,
      Record<string, Record<string, unknown>>
    >;
    projects!.retriever!.paginator = paginator;
    inline.streams = [projects, tasks];
    expect(validate(inline)).toBe(false);
  });
});
