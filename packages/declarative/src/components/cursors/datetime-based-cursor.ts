import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { component, type Expression, expression, field } from '../../component/index.js';
import { requestOptionSlot } from '../requesters/slot.js';
import { boundedMoment } from './bounded-moment.js';
import { type Clamping, clampingTo } from './clamping.js';
import { DatetimeSync } from './datetime-sync.js';
import { readSpan, type Span, signOf } from './moment.js';
import { type BoundedMoment, boundedMomentSlot, type IncrementalSync, incrementalSyncSlot } from './slot.js';

const FORMATS = ['%Y-%m-%dT%H:%M:%SZ', '%Y-%m-%d', '%s', '%ms'];

/** Reads what is new by a moment that each record has. */
export const datetimeBasedCursor = component('DatetimeBasedCursor', {
  slot: incrementalSyncSlot,
  doc: 'Reads incrementally by a moment that each record carries: from where the last run came to, in windows where the API wants them.',
  fields: {
    cursor_field: field
      .template()
      .doc('The top-level field of the record that holds the moment.')
      .example('updated_at', "{{ config['cursor'] }}"),
    datetime_format: field
      .string()
      .doc('How moments are written in requests and in the state.')
      .example(...FORMATS),
    cursor_datetime_formats: field
      .list(field.string())
      .default([])
      .doc('How records write the moment, tried in order; `datetime_format` comes last.')
      .example(['%Y-%m-%dT%H:%M:%S.%fZ']),
    start_datetime: field
      .either(field.slot(boundedMomentSlot).defaultType('MinMaxDatetime'), field.template())
      .doc('Where the first run begins.')
      .example('2020-01-01T00:00:00Z', "{{ config['start_date'] }}"),
    end_datetime: field
      .either(field.slot(boundedMomentSlot).defaultType('MinMaxDatetime'), field.template())
      .optional()
      .doc('Where each run ends; now, when it is left out.')
      .example('{{ day_delta(-1) }}'),
    start_time_option: field
      .slot(requestOptionSlot)
      .optional()
      .defaultType('RequestOption')
      .doc('Where the beginning of a window goes in its requests.'),
    end_time_option: field
      .slot(requestOptionSlot)
      .optional()
      .defaultType('RequestOption')
      .doc('Where the end of a window goes in its requests.'),
    step: field
      .template()
      .optional()
      .doc('The length of a window, an ISO 8601 duration. Together with `cursor_granularity`.')
      .example('P1M', 'PT1H'),
    cursor_granularity: field
      .string()
      .optional()
      .doc('The smallest difference that `datetime_format` can write: a window ends this much before the next begins.')
      .example('PT1S', 'P1D'),
    lookback_window: field
      .template()
      .optional()
      .doc('How far before its last value each run begins, an ISO 8601 duration, for records that come late.')
      .example('P1D', "P{{ config['lookback_days'] }}D"),
    clamping: field
      .object()
      .optional()
      .doc(
        'Moves the bounds of windows to whole periods: `target` is DAY, WEEK (with `target_details.weekday`) or MONTH.',
      )
      .example({ target: 'WEEK', target_details: { weekday: 'MONDAY' } }),
    partition_field_start: field
      .template()
      .default('start_time')
      .doc("The name of a window's beginning in templates: `{{ stream_interval['start_time'] }}`."),
    partition_field_end: field
      .template()
      .default('end_time')
      .doc("The name of a window's end in templates: `{{ stream_interval['end_time'] }}`."),
    is_data_feed: field
      .boolean()
      .default(false)
      .doc(
        'The API gives the newest first and cannot filter: paging ends with the first page that reaches what is known.',
      ),
    is_client_side_incremental: field
      .boolean()
      .default(false)
      .doc('The API gives everything each time: what is known is dropped here.'),
    is_compare_strictly: field
      .boolean()
      .default(false)
      .doc('The API refuses a window that ends where it begins: such a one is left out.'),
    global_substream_cursor: field
      .boolean()
      .default(false)
      .doc('Keep one value for all partitions, which moves on when all of them are read.'),
    allow_catalog_defined_cursor_field: field
      .boolean()
      .default(false)
      .doc('The user may choose another cursor field in the catalog.'),
  },
  examples: [
    {
      type: 'DatetimeBasedCursor',
      cursor_field: 'updated_at',
      datetime_format: '%Y-%m-%dT%H:%M:%SZ',
      start_datetime: "{{ config['start_date'] }}",
      step: 'P1M',
      cursor_granularity: 'PT1S',
    },
  ],
  build({ fields, context, parameters }): IncrementalSync {
    const { clamping, cursor_granularity: granularity } = fields;
    if (!fields.step?.source !== !granularity) {
      throw new ConnectorError(
        'config',
        'A DatetimeBasedCursor has either both of step and cursor_granularity or neither.',
        { stream: context.stream?.name },
      );
    }
    return new DatetimeSync(
      {
        cursorField: () => fields.cursor_field.text(),
        fieldStart: () => fields.partition_field_start.text(),
        fieldEnd: () => fields.partition_field_end.text(),
        datetimeFormat: fields.datetime_format,
        inputFormats: fields.cursor_datetime_formats,
        start: bounded(fields.start_datetime),
        end: fields.end_datetime === undefined ? undefined : bounded(fields.end_datetime),
        startOption: fields.start_time_option,
        endOption: fields.end_time_option,
        step: settled(fields.step, (text) => positive(readSpan(text, 'step'))),
        granularity: settledText(granularity, (text) => readSpan(text, 'cursor_granularity')),
        lookback: settled(fields.lookback_window, (text) => readSpan(text, 'lookback_window')),
        clamping: clamping
          ? clampingOf(clamping, { config: context.config, parameters, clock: context.clock })
          : () => undefined,
        isStrict: fields.is_compare_strictly,
        clock: context.clock,
        stream: context.stream?.name,
      },
      {
        isDataFeed: fields.is_data_feed,
        isClientSide: fields.is_client_side_incremental,
        isGlobalSubstream: fields.global_substream_cursor,
        allowsChosenCursor: fields.allow_catalog_defined_cursor_field,
      },
    );
  },
});

function bounded(value: BoundedMoment | Expression): BoundedMoment {
  return 'moment' in value ? value : boundedMoment({ datetime: value, format: '' });
}

/** What a template's text says: read now when it is the same for every configuration, so that mistakes show early. */
function settled<T>(template: Expression | undefined, read: (text: string) => T): () => T | undefined {
  if (!template) return () => undefined;
  if (template.isConstant) return settledText(template.text(), read);
  return () => {
    const text = template.text();
    return text ? read(text) : undefined;
  };
}

function settledText<T>(text: string | undefined, read: (text: string) => T): () => T | undefined {
  const value = text ? read(text) : undefined;
  return () => value;
}

function clampingOf(raw: JsonObject, site: Parameters<typeof expression>[1]): () => Clamping {
  const target = expression(String(raw.target ?? ''), site);
  const read = (): Clamping => clampingTo(target.text(), raw.target_details as JsonObject | undefined);
  if (!target.isConstant) return read;
  const clamping = read();
  return () => clamping;
}

/** A window of no length would never end. */
function positive(step: Span): Span {
  if (signOf(step) <= 0)
    throw new ConnectorError('config', 'The step of a DatetimeBasedCursor must be longer than nothing.');
  return step;
}
