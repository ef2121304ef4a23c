import { component, field } from '../../component/index.js';
import { keyOf } from './record-key.js';
import { type RecordMerge, recordMergeSlot } from './slot.js';

export const groupByKeyMergeStrategy = component('GroupByKeyMergeStrategy', {
  slot: recordMergeSlot,
  doc: 'Parts of records that have the same values in these fields are one record.',
  fields: {
    key: field
      .either(field.string(), field.list(field.string()))
      .doc('The field or fields.')
      .example('id', ['parent_id', 'end_date']),
  },
  examples: [{ type: 'GroupByKeyMergeStrategy', key: ['parent_id', 'end_date'] }],
  build({ fields }): RecordMerge {
    const names = Array.isArray(fields.key) ? fields.key : [fields.key];
    return { key: (record) => keyOf(record, names) };
  },
});
