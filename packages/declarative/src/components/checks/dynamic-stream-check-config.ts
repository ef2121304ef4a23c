import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { type DynamicStreamCheck, dynamicStreamCheckSlot } from './slot.js';

export const dynamicStreamCheckConfig = component('DynamicStreamCheckConfig', {
  slot: dynamicStreamCheckSlot,
  doc: 'Which streams of an entry of `dynamic_streams` CheckStream reads from.',
  fields: {
    dynamic_stream_name: field
      .string()
      .doc('The name of the entry; `dynamic_stream_0` and so on where it has none.')
      .example('tables'),
    stream_count: field
      .integer()
      .optional()
      .doc('The first so many of its streams; all of them without it.')
      .example(1),
  },
  examples: [{ type: 'DynamicStreamCheckConfig', dynamic_stream_name: 'tables', stream_count: 1 }],
  build({ fields }): DynamicStreamCheck {
    const { dynamic_stream_name: dynamicStreamName, stream_count: count } = fields;
    if (count !== undefined && count < 1)
      throw new ConnectorError('config', `stream_count must be at least 1, not ${count}.`);
    return { dynamicStreamName, count };
  },
});
