import { makeCustom } from '../../component/custom.js';
import { component, field } from '../../component/index.js';
import { type Decoder, decoderSlot } from './slot.js';

export const customDecoder = component('CustomDecoder', {
  slot: decoderSlot,
  doc: 'A decoder of the author’s own code: a class or function that makes a `Decoder`.',
  fields: {
    class_name: field.string().doc('Names the class or function.').example('source_x.components.LinesDecoder'),
  },
  open: true,
  examples: [{ type: 'CustomDecoder', class_name: 'source_x.components.LinesDecoder' }],
  build: ({ raw, parameters, context }): Decoder => makeCustom<Decoder>({ fields: raw, parameters, context }),
});
