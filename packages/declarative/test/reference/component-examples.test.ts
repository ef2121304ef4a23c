import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { manifestSchema } from '../../src/component/json-schema.js';
import { language } from '../../src/language.js';
import { authorSchema } from '../../src/reference/author-schema.js';

const schema = authorSchema(manifestSchema(language), language);
const ajv = new Ajv({ strict: false, validateFormats: false });
ajv.addSchema(schema, 'language');

function problems(reference: string, value: unknown): unknown[] {
  const validate = ajv.compile({ $ref: `language#/definitions/${reference}` });
  return validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

/** What the reference pages show is right by the language's own schema. */
describe('the examples of a word are right', () => {
  for (const word of language.words) {
    const fields = Object.entries(word.fields).flatMap(([name, field]) =>
      field.facts.examples.map((example) => [name, example] as const),
    );
    it(word.type, () => {
      expect((word.examples ?? []).length + fields.length).toBeGreaterThan(0);
      for (const example of word.examples ?? []) expect([example, problems(word.type, example)]).toEqual([example, []]);
      for (const [name, example] of fields)
        expect([name, example, problems(`${word.type}/properties/${name}`, example)]).toEqual([name, example, []]);
    });
  }
});
