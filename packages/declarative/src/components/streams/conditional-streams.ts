import { component, field } from '../../component/index.js';
import { type DeclarativeStream, type StreamSource, streamSlot } from './slot.js';

export const conditionalStreams = component('ConditionalStreams', {
  slot: streamSlot,
  doc: 'Streams that are there only with some configurations.',
  fields: {
    condition: field
      .template({ allow: ['boolean'] })
      .doc('When the streams are there.')
      .example("{{ config['is_enterprise'] }}"),
    streams: field.list(field.lazy(streamSlot).defaultType('DeclarativeStream')).doc('The streams.'),
  },
  examples: [
    {
      type: 'ConditionalStreams',
      condition: "{{ config['plan'] == 'enterprise' }}",
      streams: [{ $ref: '#/definitions/audit_log_stream' }],
    },
  ],
  build({ fields }): StreamSource {
    return {
      async streams(signal) {
        const streams: DeclarativeStream[] = [];
        // Built only where the condition holds: the configuration may lack what the others need.
        if (fields.condition.isTrue())
          for (const stream of fields.streams) streams.push(...(await stream().streams(signal)));
        return streams;
      },
    };
  },
});
