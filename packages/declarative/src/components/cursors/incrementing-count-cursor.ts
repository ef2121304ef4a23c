import { Decimal, type Json, type JsonObject } from '@tidemark/protocol';
import { ConnectorError, OWN_KEY, type RangeValues, type RecordData, rangeCursor } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { requestOptionSlot } from '../requesters/slot.js';
import { type IncrementalSync, incrementalSyncSlot } from './slot.js';

type Count = number | bigint;
const START = 'start';

/** Reads what is new by a number that only grows. */
export const incrementingCountCursor = component('IncrementingCountCursor', {
  slot: incrementalSyncSlot,
  doc: 'Reads incrementally by a number that each record carries and that only grows.',
  fields: {
    cursor_field: field
      .template()
      .doc('The top-level field of the record that holds the number.')
      .example('id', "{{ config['cursor'] }}"),
    start_value: field
      .template({ allow: ['integer'] })
      .default('0')
      .doc('Where the first run begins.')
      .example(0, "{{ config['start_value'] }}"),
    start_value_option: field
      .slot(requestOptionSlot)
      .optional()
      .defaultType('RequestOption')
      .doc('Where the number to begin at goes in each request.'),
    allow_catalog_defined_cursor_field: field
      .boolean()
      .default(false)
      .doc('The user may choose another cursor field in the catalog.'),
  },
  examples: [{ type: 'IncrementingCountCursor', cursor_field: 'id', start_value: 0 }],
  build({ fields }): IncrementalSync {
    const { start_value: start, start_value_option: option } = fields;
    const make = (cursorField: () => string): IncrementalSync => {
      const values = countValues(cursorField);
      return {
        get cursorField() {
          return cursorField();
        },
        allowsChosenCursor: fields.allow_catalog_defined_cursor_field,
        allowsPartitions: false,
        chosen: (name) => make(() => name),
        cursor: (state, { fingerprint, warn }) =>
          rangeCursor({
            values,
            cut: { start: startOf(start.text()), end: () => undefined, isStrict: false },
            cursorField: cursorField(),
            fields: { start: START },
            state,
            fingerprint,
            warn,
          }),
        normalize: (value) => values.parse(value),
        parts(slice) {
          const parts = {};
          if (Object.hasOwn(slice, START)) option?.inject(parts, slice[START]);
          return parts;
        },
        isClientSide: false,
        isDataFeed: false,
        isGlobalSubstream: false,
        compare: (a, b) => values.compare(values.parse(a as Json), values.parse(b as Json)),
        valueOf: (record) => countOf(record[cursorField()]),
        highest: (records) => values.highest(records),
        at(value) {
          const wanted = values.parse(value);
          return (record) => {
            const count = countOf(record[cursorField()]);
            return count !== undefined && values.compare(count, wanted) === 0;
          };
        },
        narrow: (slice, highest) => ({ ...slice, [START]: values.parse(highest) }),
        split: () => undefined,
        isNew(record, state) {
          const count = countOf(record[cursorField()]);
          return count === undefined || count >= floorOf(state, cursorField(), startOf(start.text()));
        },
      };
    };
    return make(() => fields.cursor_field.text());
  },
});

function countValues(cursorField: () => string): RangeValues<Count> {
  const parse = (value: Json): Count => {
    const count = countOf(value);
    if (count === undefined) throw new Error(`'${String(value)}' is no number`);
    return count;
  };
  return {
    compare: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
    parse,
    format: (value) => value,
    write: (value) => value,
    read: parse,
    after: (value) => (typeof value === 'bigint' ? value + 1n : value + 1),
    highest(records: readonly RecordData[]): Count | undefined {
      const name = cursorField();
      let highest: Count | undefined;
      for (const record of records) {
        const count = countOf(record[name]);
        if (count !== undefined && (highest === undefined || count > highest)) highest = count;
      }
      return highest;
    },
  };
}

function countOf(value: Json | undefined): Count | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (Decimal.is(value)) return Number(value.text);
  if (typeof value !== 'string' || !/^[+-]?\d+$/.test(value)) return undefined;
  const count = Number(value);
  return Number.isSafeInteger(count) ? count : BigInt(value);
}

function startOf(text: string): Count {
  const start = countOf(text.trim());
  if (start === undefined)
    throw new ConnectorError('config', `The start_value '${text}' of an IncrementingCountCursor is no whole number.`);
  return start;
}

function floorOf(state: JsonObject | undefined, field: string, start: Count): Count {
  const plan = (state?.[OWN_KEY] as JsonObject | undefined)?.plan as JsonObject | undefined;
  const from = countOf(plan?.start) ?? countOf(state?.[field]) ?? start;
  return from < start ? start : from;
}
