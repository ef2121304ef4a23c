import { readFileSync } from 'node:fs';
import { type JsonObject, stringify } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import { addFields } from '../../src/components/transformations/add-fields.js';
import { addedFieldDefinition } from '../../src/components/transformations/added-field-definition.js';
import { transformationSlot } from '../../src/components/transformations/slot.js';
import { build } from '../selectors/build-word.js';

interface Row {
  fields: JsonObject[];
  condition: string;
  config: JsonObject;
  slice: JsonObject | null;
  in: RecordData;
  out: RecordData;
}

// Through airbyte-cdk 7.39.1: one row an AddFields and a record.
const rows = readFileSync(new URL('add-fields-rows.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Row);

function adder(fields: JsonObject[], condition = '', config: JsonObject = {}) {
  const raw = { type: 'AddFields', condition, fields: fields.map((one) => ({ type: 'AddedFieldDefinition', ...one })) };
  return build(raw, transformationSlot, [addFields, addedFieldDefinition], { config });
}

describe('AddFields', () => {
  it('agrees with the reference', () => {
    for (const row of rows) {
      const before = stringify(row.in);
      const record = { ...row.in };
      const slice = row.slice ?? {};
      adder(row.fields, row.condition, row.config).transform(record, { stream_slice: slice });
      expect(record, stringify(row)).toEqual(row.out);
      expect(stringify(row.in), 'what lies below the record is shared and must not change').toBe(before);
    }
  });

  it('makes an object where null is on the way', () => {
    const record: RecordData = { a: null };
    adder([{ path: ['a', 'b'], value: 'x' }]).transform(record, {});
    expect(record).toEqual({ a: { b: 'x' } });
  });

  it.each([
    ['a value on the way', ['a', 'b'], { a: 'text' }, 'a is a value already'],
    ['a name in a list', ['l', 'x'], { l: [] }, "'x' is no place in a list"],
    ['a place far outside a list', ['l', '99999999'], { l: [] }, 'no place in a list'],
  ])('refuses %s', (_, path, record, message) => {
    expect(() => adder([{ path, value: 'x' }]).transform(record, {})).toThrow(message);
  });

  it('adds a field named __proto__ like any other', () => {
    const record: RecordData = {};
    adder([{ path: ['__proto__', 'polluted'], value: 'x' }]).transform(record, {});
    expect(Object.keys(record)).toEqual(['__proto__']);
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });

  it('keeps large numbers of the record exact', () => {
    const record: RecordData = { id: 12345678901234567890n };
    adder([{ path: ['copy'], value: "{{ record['id'] }}" }]).transform(record, {});
    expect(stringify(record)).toBe('{"id":12345678901234567890,"copy":12345678901234567890}');
  });

  it('needs a path', () => {
    expect(() => adder([{ path: [], value: 'x' }])).toThrow('needs a path');
  });
});
