import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError, type RecordData } from '@tidemark/source';
import { component, type Expression, field } from '../../component/index.js';
import { Path } from '../../component/path.js';
import { requestOptionSlot } from '../requesters/slot.js';
import { type DeclarativeStream, streamSlot } from '../streams/slot.js';
import { type ParentStream, parentStreamSlot } from './slot.js';

/** Says which stream's records are the partitions, and which of their fields name them. */
export const parentStreamConfig = component('ParentStreamConfig', {
  slot: parentStreamSlot,
  doc: 'Names a parent stream and the field of its records that a partition of this stream is for.',
  fields: {
    stream: field
      .slot(streamSlot)
      .defaultType('DeclarativeStream')
      .doc('The parent stream, usually a reference.')
      .example({ $ref: '#/definitions/projects_stream' }),
    parent_key: field
      .template()
      .doc('The field of the parent record; a path with `/` between its parts.')
      .example('id', "{{ config['parent_id'] }}"),
    partition_field: field
      .template()
      .doc("The name that the value has in templates: `{{ stream_partition['project_id'] }}`.")
      .example('project_id'),
    request_option: field
      .slot(requestOptionSlot)
      .optional()
      .defaultType('RequestOption')
      .doc('Where the value goes in each request.'),
    incremental_dependency: field
      .boolean()
      .default(false)
      .doc(
        "Read the parent incrementally: its state is kept in this stream's, and only parents that are new or changed are looked at.",
      ),
    lazy_read_pointer: field
      .list(field.template())
      .default([])
      .doc(
        'The path in the parent record where the first page of this partition stands already: no request is made for it.',
      )
      .example(['lines']),
    extra_fields: field
      .list(field.list(field.template()))
      .default([])
      .doc(
        "Paths of further fields of the parent record for templates: `{{ stream_slice.extra_fields['name'] }}`. A missing one is null.",
      )
      .example([['name'], ['address', 'city']]),
  },
  examples: [
    {
      type: 'ParentStreamConfig',
      stream: { $ref: '#/definitions/projects_stream' },
      parent_key: 'id',
      partition_field: 'project_id',
    },
  ],
  scope: (_raw, context) => ({
    ...context,
    stream: { ...(context.stream ?? NO_STREAM), isParent: true } as typeof context.stream,
  }),
  build({ fields }): ParentStream {
    const key = lazyPath(() => fields.parent_key.text().replace(/^\/+/, '').split('/'));
    const extras = fields.extra_fields.map((path) => lazyPath(() => path.map((part) => part.text())));
    const pointer = fields.lazy_read_pointer.length ? lazyPath(() => texts(fields.lazy_read_pointer)) : undefined;
    let stream: Promise<DeclarativeStream> | undefined;
    return {
      get partitionField() {
        return fields.partition_field.text();
      },
      requestOption: fields.request_option,
      keepsState: fields.incremental_dependency,
      isLazy: pointer !== undefined,
      stream() {
        stream ??= Promise.resolve(fields.stream.streams()).then((streams) => onlyStream(streams));
        return stream;
      },
      partition(record, unit) {
        const value = key().find(record);
        if (value === undefined || value === null) return undefined;
        const extra: JsonObject = pointer ? { child_response: pointer().find(record) ?? [] } : {};
        for (const path of extras) extra[path().text] = path().find(record) ?? null;
        const partition = { [fields.partition_field.text()]: value, parent_slice: unit.partition };
        return Object.keys(extra).length ? { partition, extra } : { partition };
      },
    };
  },
});

const NO_STREAM = { name: '', primaryKey: [] };

function onlyStream(streams: readonly DeclarativeStream[]): DeclarativeStream {
  if (streams.length !== 1) {
    throw new ConnectorError('config', `A parent must be one stream, and here are ${streams.length}.`);
  }
  return streams[0]!;
}

const texts = (path: readonly Expression[]): string[] => path.map((part) => part.text());

interface ParentPath {
  readonly text: string;
  find(record: RecordData): Json | undefined;
}

/** A path whose templates are read when the first record comes. */
function lazyPath(segments: () => string[]): () => ParentPath {
  let made: ParentPath | undefined;
  return () => {
    made ??= parentPath(segments());
    return made;
  };
}

function parentPath(segments: string[]): ParentPath {
  const path = new Path(segments);
  const text = segments.join('.');
  const find = (record: RecordData): Json | undefined => {
    if (path.isPlain) return path.get(record) as Json | undefined;
    const found = path.values(record) as Json[];
    if (found.length > 1)
      throw new ConnectorError(
        'config',
        `The path '${segments.join('/')}' must lead to one field of the parent record, not to several.`,
      );
    return found[0];
  };
  return { text, find };
}
