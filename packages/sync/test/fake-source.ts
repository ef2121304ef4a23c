import type { Json, JsonObject, StreamDescription } from '@tidemark/protocol';
import {
  type Connection,
  ConnectorError,
  type OpenStream,
  type Page,
  type PartitionCursor,
  pageCursor,
  partitionedCursor,
  type RecordData,
  rangeCursor,
  type Source,
  type Stream,
  type StreamCursor,
  singleCursor,
  type Unit,
} from '@tidemark/source';

/** One stream of the fake source. */
export interface FakeStream {
  name: string;
  namespace?: string;
  schema?: JsonObject;
  pageSize?: number;
  /** Rows without partitions; with `slices` their `updated` decides which slice they are in. */
  rows?: RecordData[];
  /** Rows of each partition. */
  partitions?: Record<string, RecordData[]>;
  /** Incremental over `updated`, in slices of this width, up to `until`. */
  slices?: { step: number; until: number };
  primaryKey?: string[][];
  resumable?: boolean;
  /** Every page but each third one is followed by more of the same response. */
  more?: boolean;
  /** Called before each page; may throw, wait, or ask for a restart of the unit. */
  onPage?: (at: { unit: Unit; index: number; restart: (reason: string) => void }) => void | Promise<void>;
}

const range =
  (name: string) =>
  ({ unit }: { unit: Unit }) =>
    `${name}${unit.id === '{}' ? '' : ` ${unit.id}`}`;

/** A source in memory that remembers what was asked of it: one line for each page. */
export class FakeSource implements Source {
  readonly requests: string[] = [];
  concurrency = 4;
  connects = 0;
  closed = 0;

  constructor(readonly streams: FakeStream[]) {}

  async spec() {
    const secret = { type: 'string', airbyte_secret: true };
    return { connectionSpecification: { type: 'object', properties: { account: { type: 'string' }, token: secret } } };
  }

  async connect(): Promise<Connection> {
    this.connects++;
    return {
      streams: this.streams.map((stream) => this.stream(stream)),
      concurrency: this.concurrency,
      check: async () => ({ succeeded: true }),
      close: async () => {
        this.closed++;
      },
    };
  }

  private stream(fake: FakeStream): Stream {
    return {
      name: fake.name,
      namespace: fake.namespace,
      describe: () => describe(fake),
      open: (state, run): OpenStream => ({
        cursor: cursorOf(fake, state, run?.generation),
        read: (unit, { onRestart }) => this.read(fake, unit, onRestart ?? (() => undefined)),
      }),
    };
  }

  private async *read(fake: FakeStream, unit: Unit, onRestart: (reason: string) => void): AsyncIterable<Page> {
    const rows = rowsOf(fake, unit);
    const size = fake.pageSize ?? 10;
    let index = Number(unit.position ?? 0);
    for (;;) {
      this.requests.push(`${range(fake.name)({ unit })} page ${index}`);
      let restarted = false;
      const restart = (reason: string) => {
        restarted = true;
        onRestart(reason);
      };
      await fake.onPage?.({ unit, index, restart });
      if (restarted) {
        index = 0;
        continue;
      }
      const records = rows.slice(index * size, (index + 1) * size);
      index++;
      const last = index * size >= rows.length;
      if (last) {
        yield { records };
        return;
      }
      if (fake.more && index % 3 !== 0) yield { records, more: true };
      else yield { records, next: index };
    }
  }
}

function rowsOf(fake: FakeStream, unit: Unit): RecordData[] {
  if (fake.partitions) return fake.partitions[String(unit.partition.of)] ?? [];
  if (!fake.slices) return fake.rows ?? [];
  const { start, end } = unit.slice as { start: number; end: number };
  return (fake.rows ?? []).filter((row) => Number(row.updated) > start && Number(row.updated) <= end);
}

function describe(fake: FakeStream): StreamDescription {
  return {
    name: fake.name,
    ...(fake.namespace ? { namespace: fake.namespace } : {}),
    json_schema: fake.schema ?? {
      type: 'object',
      properties: { id: { type: 'integer' }, name: { type: 'string' }, updated: { type: 'integer' } },
    },
    supported_sync_modes: fake.slices ? ['full_refresh', 'incremental'] : ['full_refresh'],
    is_resumable: fake.resumable ?? true,
    ...(fake.slices ? { source_defined_cursor: true, default_cursor_field: ['updated'] } : {}),
    ...(fake.primaryKey ? { source_defined_primary_key: fake.primaryKey } : {}),
  };
}

function cursorOf(fake: FakeStream, state: JsonObject | undefined, generation: number | undefined): StreamCursor {
  if (fake.partitions) {
    const names = Object.keys(fake.partitions);
    return partitionedCursor({
      state,
      generation,
      async *partitions() {
        for (const of of names) yield { partition: { of } };
      },
      parentState: () => undefined,
      cursor: (before) => pageCursor({ state: before, fingerprint: 'f', generation }),
      clock: () => 0,
      log: () => undefined,
    });
  }
  return singleCursor(fake.slices ? integers(fake.slices, state) : pageCursor({ state, fingerprint: 'f', generation }));
}

function integers(slices: { step: number; until: number }, state: JsonObject | undefined): PartitionCursor {
  const number = (value: Json): number => {
    if (typeof value !== 'number') throw new ConnectorError('config', 'not a number');
    return value;
  };
  return rangeCursor<number>({
    values: {
      compare: (a, b) => a - b,
      parse: number,
      format: (value) => value,
      write: (value) => value,
      read: number,
      after: (value) => value + 1,
      highest: (records) =>
        records.reduce<number | undefined>((high, row) => Math.max(high ?? 0, Number(row.updated)), undefined),
    },
    cut: { start: 0, end: () => slices.until, step: (value) => value + slices.step, isStrict: false },
    cursorField: 'updated',
    fields: { start: 'start', end: 'end' },
    state,
    fingerprint: 'f',
  });
}

/** `count` rows with ids from `from`. */
export function rows(count: number, from = 1): RecordData[] {
  return Array.from({ length: count }, (_, index) => ({
    id: from + index,
    name: `row ${from + index}`,
    updated: from + index,
  }));
}
