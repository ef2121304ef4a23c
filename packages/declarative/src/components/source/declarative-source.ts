import type { JsonObject } from '@tidemark/protocol';
import { component, field } from '../../component/index.js';
import { apiBudgetSlot } from '../budget/slot.js';
import { connectionCheckerSlot } from '../checks/slot.js';
import { specSlot } from '../spec/slot.js';
import { dynamicStreamSlot, streamSlot } from '../streams/slot.js';
import { concurrencyLevelSlot, type ManifestRoot, sourceSlot, streamGroupSlot } from './slot.js';

/** The word at the root of a manifest. */
export const declarativeSource = component('DeclarativeSource', {
  slot: sourceSlot,
  doc: 'A source: its streams, what a user must configure, and how a connection is checked.',
  fields: {
    version: field.string().doc('The version of the language that the manifest was written in.').example('7.39.1'),
    check: field.lazy(connectionCheckerSlot).defaultType('CheckStream').doc('How a connection is checked.'),
    streams: field.list(field.lazy(streamSlot).defaultType('DeclarativeStream')).default([]).doc('The streams.'),
    dynamic_streams: field
      .list(field.lazy(dynamicStreamSlot).defaultType('DynamicDeclarativeStream'))
      .default([])
      .doc('Streams that are made at run time from a template.'),
    spec: field.lazy(specSlot).optional().defaultType('Spec').doc('What a user must configure.'),
    concurrency_level: field
      .lazy(concurrencyLevelSlot)
      .optional()
      .defaultType('ConcurrencyLevel')
      .doc('How much is read at the same time.'),
    api_budget: field
      .lazy(apiBudgetSlot)
      .optional()
      .defaultType('HTTPAPIBudget')
      .doc('How many requests the API allows.'),
    stream_groups: field
      .map(field.lazy(streamGroupSlot).defaultType('StreamGroup'))
      .optional()
      .doc('Streams that must not be read at the same time, by the name of the group.'),
    max_concurrent_async_job_count: field
      .template({ allow: ['integer'] })
      .optional()
      .doc('How many asynchronous jobs may run at the same time, over all streams.')
      .example(3, "{{ config['max_concurrent_async_job_count'] }}"),
    definitions: field.object().optional().doc('Pieces to be referred to by `$ref`.'),
    schemas: field.object().optional().doc('JSON Schemas to be referred to by `$ref`.'),
    metadata: field.object().optional().doc('Notes of the tool that the manifest was made with; not used.'),
    description: field.string().optional().doc('What the connector is for.'),
  },
  examples: [
    {
      type: 'DeclarativeSource',
      version: '7.39.1',
      check: { type: 'CheckStream', stream_names: ['users'] },
      streams: [{ $ref: '#/definitions/users_stream' }],
      spec: { $ref: '#/definitions/spec' },
    },
  ],
  build({ fields, raw }): ManifestRoot {
    const dynamicNames = Array.isArray(raw.dynamic_streams)
      ? raw.dynamic_streams.map((entry) => (entry as JsonObject).name)
      : [];
    return {
      spec: fields.spec,
      check: fields.check,
      streams: fields.streams,
      dynamicStreams: fields.dynamic_streams.map((build, index) => ({
        name: typeof dynamicNames[index] === 'string' ? dynamicNames[index] : `dynamic_stream_${index}`,
        build,
      })),
      budget: fields.api_budget,
      concurrency: fields.concurrency_level,
      groups: Object.values(fields.stream_groups ?? {}),
    };
  },
});
