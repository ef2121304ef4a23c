import { Decimal, type Json } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { makeCustom } from '../../component/custom.js';
import { component, field } from '../../component/index.js';
import { setKey } from '../../component/path.js';
import { replaceRecord } from './change-record.js';
import { type Transformation, transformationSlot } from './slot.js';

export const customTransformation = component('CustomTransformation', {
  slot: transformationSlot,
  doc: 'A transformation of the author’s own code: a class or function that makes a `Transformation`. It may change what it is given at any depth.',
  fields: { class_name: field.string().doc('Names the class or function.').example('source_x.components.Unnest') },
  open: true,
  examples: [{ type: 'CustomTransformation', class_name: 'source_x.components.Unnest' }],
  build: ({ raw, parameters, context }): Transformation => {
    const own = makeCustom<Transformation>({ fields: raw, parameters, context });
    return {
      transform: (record, scope) => {
        const copy = copyOf(record as Json) as RecordData;
        own.transform(copy, scope);
        replaceRecord(record, copy);
      },
    };
  },
});

function copyOf(value: Json | undefined): Json | undefined {
  if (typeof value !== 'object' || value === null || Decimal.is(value)) return value;
  if (Array.isArray(value)) return value.map((item) => copyOf(item) as Json);
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(value)) setKey(copy, key, copyOf(value[key]));
  return copy;
}
