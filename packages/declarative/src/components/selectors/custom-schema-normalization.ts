import { makeCustom } from '../../component/custom.js';
import { component, field } from '../../component/index.js';
import { type SchemaNormalization, schemaNormalizationSlot } from './slot.js';

export const customSchemaNormalization = component('CustomSchemaNormalization', {
  slot: schemaNormalizationSlot,
  doc: 'A normalisation of the author’s own code: a class or function that makes a `SchemaNormalization`.',
  fields: { class_name: field.string().doc('Names the class or function.').example('source_x.components.Dates') },
  open: true,
  examples: [{ type: 'CustomSchemaNormalization', class_name: 'source_x.components.Dates' }],
  build: ({ raw, parameters, context }): SchemaNormalization =>
    makeCustom<SchemaNormalization>({ fields: raw, parameters, context }),
});
