import { component, field } from '../../component/index.js';
import { injectPartition } from './inject-partition.js';
import { ParentReading } from './parent-reading.js';
import { type PartitionRouter, parentStreamSlot, partitionRouterSlot } from './slot.js';

/** Reads the stream once for each record of its parent streams. */
export const substreamPartitionRouter = component('SubstreamPartitionRouter', {
  slot: partitionRouterSlot,
  doc: 'Reads the stream once for each record of one or several parent streams.',
  fields: {
    parent_stream_configs: field
      .list(field.slot(parentStreamSlot).defaultType('ParentStreamConfig'))
      .doc('The parents, read one after the other.'),
  },
  examples: [
    {
      type: 'SubstreamPartitionRouter',
      parent_stream_configs: [
        {
          type: 'ParentStreamConfig',
          stream: { $ref: '#/definitions/projects_stream' },
          parent_key: 'id',
          partition_field: 'project_id',
        },
      ],
    },
  ],
  build({ fields, context }): PartitionRouter {
    const parents = fields.parent_stream_configs;
    let reading: ParentReading | undefined;
    return {
      get partitionFields() {
        return parents.map((parent) => parent.partitionField);
      },
      hasRequestOption: parents.some((parent) => parent.requestOption !== undefined),
      isLazy: parents.some((parent) => parent.isLazy),
      async *partitions(parentState, signal) {
        reading = new ParentReading(parents, parentState, context);
        yield* reading.partitions(signal);
      },
      parentState: () => reading?.state() ?? {},
      parentStateOf: (state) => ParentReading.stateFrom(parents, state),
      parts: (scope) =>
        injectPartition(
          parents.map((parent) => ({ field: parent.partitionField, option: parent.requestOption })),
          scope,
        ),
    };
  },
});
