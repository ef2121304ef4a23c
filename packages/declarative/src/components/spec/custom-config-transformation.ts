import { makeCustom } from '../../component/custom.js';
import { component, field } from '../../component/index.js';
import { type ConfigTransformation, configTransformationSlot } from './slot.js';

/** The author's class has `transform(config)`, which changes the configuration in place. */
export const customConfigTransformation = component('CustomConfigTransformation', {
  slot: configTransformationSlot,
  doc: "A change of the configuration by the connector's own code: an object with `transform(config)`, which changes it in place.",
  fields: {
    class_name: field
      .string()
      .doc('Names the class or function that makes it.')
      .example('source_example.components.SplitDomain'),
  },
  examples: [{ type: 'CustomConfigTransformation', class_name: 'source_example.components.SplitDomain' }],
  open: true,
  build: ({ raw, parameters, context }) => makeCustom<ConfigTransformation>({ fields: raw, parameters, context }),
});
