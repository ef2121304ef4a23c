import { component, field } from '../../component/index.js';
import { keyTransformationSlot } from './key-transformation-slot.js';

export const keyTransformation = component('KeyTransformation', {
  slot: keyTransformationSlot,
  doc: 'Puts text before and after the names of fields.',
  fields: {
    prefix: field.template().optional().doc('Stands before each name.').example('flattened_'),
    suffix: field.template().optional().doc('Stands after each name.').example('_flattened'),
  },
  examples: [{ type: 'KeyTransformation', prefix: 'properties_' }],
  build:
    ({ fields }) =>
    (key: string) =>
      `${fields.prefix?.text() ?? ''}${key}${fields.suffix?.text() ?? ''}`,
});
