import type { Json, JsonObject } from '@tidemark/protocol';
import { component, expression, field } from '../../component/index.js';
import { streamSlot } from '../streams/slot.js';
import { type StreamGroup, streamGroupActionSlot, streamGroupSlot } from './slot.js';

export const streamGroup = component('StreamGroup', {
  slot: streamGroupSlot,
  doc: 'Streams that share something at the API (a session, a quota, an export slot) and must not be read beside each other.',
  fields: {
    streams: field
      .list(field.lazy(streamSlot).defaultType('DeclarativeStream'))
      .doc('The streams, mostly by reference; only their names are looked at.')
      .example([{ $ref: '#/definitions/orders_stream' }, { $ref: '#/definitions/refunds_stream' }]),
    action: field
      .slot(streamGroupActionSlot)
      .defaultType('BlockSimultaneousSyncsAction')
      .doc('What keeps them from each other.'),
  },
  examples: [
    {
      type: 'StreamGroup',
      streams: [{ $ref: '#/definitions/orders_stream' }],
      action: { type: 'BlockSimultaneousSyncsAction' },
    },
  ],
  build({ fields, raw, context }): StreamGroup {
    if (!fields.action.isExclusive) return { streamNames: [] };
    const names = new Set<string>();
    for (const stream of raw.streams as Json[]) {
      const { name, $parameters } = stream as JsonObject;
      if (typeof name !== 'string') continue;
      names.add(
        expression(name, {
          config: context.config,
          clock: context.clock,
          parameters: ($parameters ?? {}) as JsonObject,
        }).text(),
      );
    }
    return { streamNames: [...names] };
  },
});
