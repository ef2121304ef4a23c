import type { JsonObject } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import { customTransformation } from '../../src/components/transformations/custom-transformation.js';
import { keysReplace } from '../../src/components/transformations/keys-replace.js';
import { keysToLower } from '../../src/components/transformations/keys-to-lower.js';
import { removeFields } from '../../src/components/transformations/remove-fields.js';
import { transformationSlot } from '../../src/components/transformations/slot.js';
import { build, type WordSetup } from '../selectors/build-word.js';

const WORDS = [customTransformation, keysReplace, keysToLower, removeFields];

function transformed(
  raw: JsonObject,
  record: RecordData,
  scope: Record<string, unknown> = {},
  setup?: WordSetup,
): RecordData {
  const copy = { ...record };
  build(raw, transformationSlot, WORDS, setup).transform(copy, scope);
  return copy;
}

describe('RemoveFields', () => {
  it('removes only what its paths lead to, whatever the condition says of the rest', () => {
    const raw = { type: 'RemoveFields', field_pointers: [['a'], ['o', '*']], condition: '{{ property == 1 }}' };
    expect(transformed(raw, { a: 2, b: 1, o: { x: 1, y: 2, z: { deep: 1 } } })).toEqual({
      a: 2,
      b: 1,
      o: { y: 2, z: { deep: 1 } },
    });
  });
  it('removes several fields by name', () => {
    const raw = { type: 'RemoveFields', field_pointers: [['a'], ['b'], ['none']] };
    expect(transformed(raw, { a: 1, b: { c: 1 }, c: 3 })).toEqual({ c: 3 });
  });
});

describe('KeysToLower', () => {
  it('writes the names of a record in lower case, not those below', () => {
    expect(transformed({ type: 'KeysToLower' }, { ID: 1, Obj: { Inner: 1 }, x: 2 })).toEqual({
      id: 1,
      obj: { Inner: 1 },
      x: 2,
    });
  });
});

describe('KeysReplace', () => {
  it('reads the texts from record and slice', () => {
    const raw = { type: 'KeysReplace', old: "{{ record['prefix'] }}", new: "{{ stream_slice['p'] }}" };
    expect(transformed(raw, { prefix: 'a', a_b: 1 }, { stream_slice: { p: 'z' } })).toEqual({ prefix: 'a', z_b: 1 });
  });
});

describe('CustomTransformation', () => {
  it('may change a record at any depth without harm to the response', () => {
    class Unnest {
      constructor(private readonly args: { fields: JsonObject }) {}
      transform(record: RecordData, scope: Record<string, unknown>) {
        (record.o as JsonObject).n = 2;
        record.added = [String(this.args.fields.label), String(scope.stream_slice)];
      }
    }
    const inner = { n: 1 };
    const raw = { type: 'CustomTransformation', class_name: 'a.Unnest', label: 'L' };
    const custom = (name: string) => (name === 'a.Unnest' ? Unnest : undefined);
    expect(transformed(raw, { o: inner }, { stream_slice: 's' }, { custom })).toEqual({
      o: { n: 2 },
      added: ['L', 's'],
    });
    expect(inner).toEqual({ n: 1 });
  });
  it('says so when the code is not there', () => {
    expect(() => transformed({ type: 'CustomTransformation', class_name: 'a.B' }, {})).toThrow(
      "'a.B' is code of its own",
    );
  });
});
