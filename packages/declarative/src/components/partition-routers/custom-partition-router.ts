import { makeCustom } from '../../component/custom.js';
import { component, field } from '../../component/index.js';
import { type PartitionRouter, partitionRouterSlot } from './slot.js';

/** A router of the author's own code. */
export const customPartitionRouter = component('CustomPartitionRouter', {
  slot: partitionRouterSlot,
  doc: "A partition router of the connector's own code.",
  fields: {
    class_name: field
      .string()
      .doc('Names the class or function that makes the router.')
      .example('source_example.components.Regions'),
  },
  examples: [{ type: 'CustomPartitionRouter', class_name: 'source_example.components.Regions' }],
  open: true,
  build({ raw, parameters, context }): PartitionRouter {
    const router = makeCustom<PartitionRouter>({ fields: raw, parameters, context });
    router.parentState ??= () => undefined;
    router.parts ??= () => ({});
    return router;
  },
});
