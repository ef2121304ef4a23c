import type { JsonObject } from '@tidemark/protocol';
import {
  boundaryCursor,
  partitionedCursor,
  type RangeValues,
  type RecordData,
  rangeCursor,
  type Stream,
  type StreamCursor,
  singleCursor,
} from '../src/index.js';

/** A row of the API; `of` is its partition. */
export type Row = { at: number; text: string; of?: string };

/** An API that answers with everything from a moment on, that moment included. */
export interface InclusiveApi {
  rows: readonly Row[];
  /** Where the plan ends. */
  end: number;
  pageSize: number;
  order: 'rising' | 'falling';
  step?: number;
  /** Slices share their bounds: the API has no unit to end one before the next. */
  shared?: boolean;
  lookback?: number;
  /** Absent: the stream has no partitions. */
  partitions?: readonly string[];
  global?: boolean;
  /** Each page comes in two pieces, the first without a position. */
  pieces?: boolean;
  /** Positions are refused: a unit that is resumed begins anew. */
  refuses?: boolean;
  warn?: (message: string) => void;
}

const isNumber = (value: unknown): value is number => typeof value === 'number';

const VALUES: RangeValues<number> = {
  compare: (a, b) => a - b,
  parse: Number,
  format: (value) => value,
  write: (value) => value,
  read: Number,
  after: (value) => value + 1,
  highest: (records) =>
    records.reduce<number | undefined>((high, { at }) => (isNumber(at) && (high ?? at) <= at ? at : high), undefined),
};

const rangeOf = (api: InclusiveApi, state: JsonObject | undefined) => {
  const { step, shared, lookback } = api;
  return rangeCursor({
    values: VALUES,
    cut: {
      start: 0,
      end: () => api.end,
      ...(step ? { step: (value: number) => value + step } : {}),
      ...(shared ? {} : { before: (value: number) => value - 1 }),
      ...(lookback ? { lookback: (value: number) => value - lookback } : {}),
      isStrict: false,
    },
    cursorField: 'at',
    fields: { start: 'from', end: 'to' },
    state,
    fingerprint: 'f',
  });
};

function cursorOf(api: InclusiveApi, state: JsonObject | undefined): StreamCursor {
  const { partitions } = api;
  if (!partitions) return singleCursor(rangeOf(api, state));
  return partitionedCursor({
    state,
    async *partitions() {
      for (const of of partitions) yield { partition: { of } };
    },
    parentState: () => undefined,
    cursor: (part) => rangeOf(api, part),
    incremental: {
      cursorField: 'at',
      useGlobal: api.global ?? false,
      compare: (a, b) => Number(a) - Number(b),
      highest: (records) => VALUES.highest(records),
    },
    clock: () => 0,
    log: () => {},
  });
}

/** The API as a stream, over the cursor that remembers the rows at the last value where the read asks for it. */
export function inclusiveStream(api: InclusiveApi): Stream {
  return {
    name: 'rows',
    describe: () => ({ name: 'rows', json_schema: {}, supported_sync_modes: ['full_refresh', 'incremental'] }),
    open: (state, run) => ({
      cursor: run?.remembersBoundary
        ? boundaryCursor(cursorOf(api, state), {
            state,
            cursorField: 'at',
            scope: !api.partitions ? 'stream' : api.global ? 'global' : 'partition',
            compare: (a, b) => Number(a) - Number(b),
            highest: (records) => VALUES.highest(records),
            at: (value) => (record) => record.at === value,
            warn: api.warn ?? (() => {}),
          })
        : cursorOf(api, state),
      async *read(unit, { onRestart }) {
        const found = api.rows
          .filter(({ of }) => of === undefined || of === unit.partition.of)
          .filter(({ at }) => at >= Number(unit.slice.from) && at <= Number(unit.slice.to));
        found.sort((a, b) => (api.order === 'rising' ? a.at - b.at : b.at - a.at));
        const isRefused = unit.position !== undefined && api.refuses === true;
        if (isRefused) onRestart?.('refused');
        for (let from = isRefused ? 0 : Number(unit.position ?? 0); ; from += api.pageSize) {
          const page: RecordData[] = found.slice(from, from + api.pageSize).map((row) => ({ ...row }));
          const next = from + api.pageSize < found.length ? { next: from + api.pageSize } : {};
          const half = api.pieces ? Math.ceil(page.length / 2) : 0;
          await new Promise(setImmediate);
          if (half > 0) yield { records: page.slice(0, half), more: true };
          yield { records: page.slice(half), ...next };
          if (next.next === undefined) return;
        }
      },
    }),
  };
}
