import { makeCustom } from '../../component/custom.js';
import { component, field } from '../../component/index.js';
import { type RecordFilter, recordFilterSlot } from './slot.js';

export const customRecordFilter = component('CustomRecordFilter', {
  slot: recordFilterSlot,
  doc: 'A filter of the author’s own code: a class or function that makes a `RecordFilter`.',
  fields: { class_name: field.string().doc('Names the class or function.').example('source_x.components.OpenOnly') },
  open: true,
  examples: [{ type: 'CustomRecordFilter', class_name: 'source_x.components.OpenOnly' }],
  build: ({ raw, parameters, context }): RecordFilter => makeCustom<RecordFilter>({ fields: raw, parameters, context }),
});
