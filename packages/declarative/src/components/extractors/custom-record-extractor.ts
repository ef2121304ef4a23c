import { makeCustom } from '../../component/custom.js';
import { component, field } from '../../component/index.js';
import { type Extractor, extractorSlot } from './slot.js';

export const customRecordExtractor = component('CustomRecordExtractor', {
  slot: extractorSlot,
  doc: 'An extractor of the author’s own code: a class or function that makes an `Extractor`.',
  fields: {
    class_name: field.string().doc('Names the class or function.').example('source_x.components.RowExtractor'),
  },
  open: true,
  examples: [{ type: 'CustomRecordExtractor', class_name: 'source_x.components.RowExtractor' }],
  build: ({ raw, parameters, context }): Extractor => makeCustom<Extractor>({ fields: raw, parameters, context }),
});
