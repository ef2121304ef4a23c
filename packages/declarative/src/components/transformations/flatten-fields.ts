import { Decimal } from '@tidemark/protocol';
import { component, field } from '../../component/index.js';
import { setKey } from '../../component/path.js';
import { replaceRecord } from './change-record.js';
import { type Transformation, transformationSlot } from './slot.js';

export const flattenFields = component('FlattenFields', {
  slot: transformationSlot,
  doc: 'Brings the fields of nested objects to the top. A name that is taken is led by the names above it, with dots between.',
  fields: {
    flatten_lists: field.boolean().default(true).doc('The items of lists too, named by their place.'),
  },
  examples: [{ type: 'FlattenFields', flatten_lists: false }],
  build: ({ fields }): Transformation => ({
    transform: (record) => replaceRecord(record, flatten(record, fields.flatten_lists)),
  }),
});

/**
 * The last field is taken first, down to its leaves, as the field's established behaviour has it: the order decides which of
 * two equal names stays short. Once a list was met, every name below is a full one.
 */
function flatten(record: Record<string, unknown>, flattenLists: boolean): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  const open: { value: unknown; name: string }[] = [{ value: record, name: '_' }];
  let namesAreFull = false;
  for (let entry = open.pop(); entry; entry = open.pop()) {
    const { value, name } = entry;
    if (Array.isArray(value) && flattenLists) {
      if (value.length > 0) namesAreFull = true;
      value.forEach((item, i) => {
        open.push({ value: item, name: `${name}.${i}` });
      });
    } else if (isObject(value)) {
      for (const [key, item] of Object.entries(value)) {
        open.push({ value: item, name: namesAreFull || Object.hasOwn(flat, key) ? `${name}.${key}` : key });
      }
    } else setKey(flat, name, value);
  }
  return flat;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Decimal.is(value);
}
