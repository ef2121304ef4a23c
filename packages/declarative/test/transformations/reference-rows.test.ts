import { readFileSync } from 'node:fs';
import { type JsonObject, stringify } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import { addFields } from '../../src/components/transformations/add-fields.js';
import { dpathFlattenFields } from '../../src/components/transformations/dpath-flatten-fields.js';
import { flattenFields } from '../../src/components/transformations/flatten-fields.js';
import { keyTransformation } from '../../src/components/transformations/key-transformation.js';
import { keysReplace } from '../../src/components/transformations/keys-replace.js';
import { keysToLower } from '../../src/components/transformations/keys-to-lower.js';
import { keysToSnakeCase } from '../../src/components/transformations/keys-to-snake-case.js';
import { removeFields } from '../../src/components/transformations/remove-fields.js';
import { transformationSlot } from '../../src/components/transformations/slot.js';
import { build } from '../selectors/build-word.js';

const WORDS = [
  addFields,
  dpathFlattenFields,
  flattenFields,
  keyTransformation,
  keysReplace,
  keysToLower,
  keysToSnakeCase,
  removeFields,
];

interface Row {
  word: string;
  fields: JsonObject;
  in: RecordData;
  out: RecordData;
}

// Random records through airbyte-cdk 7.39.1: one row a record, with what came out.
const rows = readFileSync(new URL('reference-rows.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Row);

describe('transformations agree with the reference', () => {
  it.each([...new Set(rows.map((row) => row.word))])('%s', (word) => {
    for (const row of rows.filter((one) => one.word === word)) {
      const { key_transformation: keys, ...fields } = row.fields;
      const raw = {
        type: word,
        ...fields,
        ...(keys ? { key_transformation: { type: 'KeyTransformation', ...(keys as JsonObject) } } : {}),
      };
      const before = stringify(row.in);
      const record = { ...row.in };
      build(raw, transformationSlot, WORDS).transform(record, {});
      expect(record, before).toEqual(row.out);
      expect(stringify(row.in), 'what lies below the record is shared and must not change').toBe(before);
    }
  });
});
