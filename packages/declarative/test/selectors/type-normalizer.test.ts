import { readFileSync } from 'node:fs';
import { type JsonObject, parseJson, stringify } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import { defaultNormalization } from '../../src/components/selectors/type-normalizer.js';

// Values of every kind against every type, through airbyte-cdk 7.39.1.
const rows = readFileSync(new URL('normalization-rows.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => parseJson(line) as { schema: JsonObject; in: RecordData; out: RecordData });

function normalize(schema: JsonObject, record: RecordData): RecordData {
  const copy = { ...record };
  defaultNormalization.normalizer(schema)(copy);
  return copy;
}

describe('schema normalization', () => {
  it('agrees with the reference', () => {
    expect(rows.length).toBeGreaterThan(500);
    for (const row of rows) {
      const before = stringify(row.in);
      expect(normalize(row.schema, row.in), stringify(row)).toEqual(row.out);
      expect(stringify(row.in), 'what lies below the record is shared and must not change').toBe(before);
    }
  });

  it('keeps numbers digit for digit', () => {
    const schema = { properties: { n: { type: 'number' }, i: { type: 'integer' }, s: { type: 'string' } } };
    const record = parseJson(
      '{"n":"0.1234567890123456789","i":"98765432109876543210","s":98765432109876543210}',
    ) as RecordData;
    expect(stringify(normalize(schema, record))).toBe(
      '{"n":0.1234567890123456789,"i":98765432109876543210,"s":"98765432109876543210"}',
    );
    const exact = parseJson('{"n":12345678901234567890,"i":12345678901234567890.75}') as RecordData;
    expect(stringify(normalize(schema, exact))).toBe('{"n":12345678901234567890,"i":12345678901234567890}');
  });

  it('leaves texts that are no finite number', () => {
    const schema = { properties: { n: { type: 'number' } } };
    for (const n of ['inf', 'nan', '1e400x']) expect(normalize(schema, { n })).toEqual({ n });
  });

  it('goes round a schema that refers to itself without end', () => {
    const schema = { properties: { a: { $ref: '#' }, n: { type: 'integer' } } };
    expect(normalize(schema, { a: { a: { n: '1' } }, n: '2' })).toEqual({ a: { a: { n: 1 } }, n: 2 });
  });
});
