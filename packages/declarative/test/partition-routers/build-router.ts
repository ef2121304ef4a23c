import type { JsonObject } from '@tidemark/protocol';
import {
  type OpenStream,
  type Page,
  pageCursor,
  type RecordData,
  rangeCursor,
  singleCursor,
  type Unit,
} from '@tidemark/source';
import {
  type BuildContext,
  Builder,
  type ComponentDefinition,
  component,
  field,
  Registry,
} from '../../src/component/index.js';
import { customPartitionRouter } from '../../src/components/partition-routers/custom-partition-router.js';
import { groupingPartitionRouter } from '../../src/components/partition-routers/grouping-partition-router.js';
import { listPartitionRouter } from '../../src/components/partition-routers/list-partition-router.js';
import { parentStreamConfig } from '../../src/components/partition-routers/parent-stream-config.js';
import {
  type Partition,
  type PartitionRouter,
  partitionRouterSlot,
} from '../../src/components/partition-routers/slot.js';
import { substreamPartitionRouter } from '../../src/components/partition-routers/substream-partition-router.js';
import { unionPartitionRouter } from '../../src/components/partition-routers/union-partition-router.js';
import { requestOption } from '../../src/components/requesters/request-option.js';
import { type DeclarativeStream, type StreamSource, streamSlot } from '../../src/components/streams/slot.js';

/** A parent in memory: pages of records, the state that it was opened with, the pages that were asked for. */
export interface MemoryParent {
  pages: RecordData[][];
  /** Incremental by the number in `at`, with slices of this length. */
  step?: number;
  /** The partition of its units. */
  partition?: JsonObject;
  opened?: (JsonObject | undefined)[];
  asked?: (number | string)[];
}

/** Builds a router as a manifest has it; a parent `{ type: 'Memory', name }` reads from `parents`. */
export function buildRouter(
  raw: JsonObject,
  parents: Record<string, MemoryParent> = {},
  options: { config?: JsonObject; custom?: (name: string) => unknown } = {},
): PartitionRouter {
  const memory = component('Memory', {
    slot: streamSlot,
    doc: 'A stream in memory.',
    fields: { name: field.string() },
    build: ({ fields }): StreamSource => ({ streams: () => [memoryStream(fields.name, parents[fields.name]!)] }),
  });
  const words = [
    customPartitionRouter,
    groupingPartitionRouter,
    listPartitionRouter,
    parentStreamConfig,
    substreamPartitionRouter,
    unionPartitionRouter,
    requestOption,
    memory,
  ];
  const builder = new Builder(new Registry(words as unknown as ComponentDefinition[]));
  const context = {
    config: options.config ?? {},
    clock: () => 0,
    log: () => {},
    builder,
    stream: { name: 'child', primaryKey: [] },
    customComponent: options.custom,
  } as unknown as BuildContext;
  return builder.build(raw, partitionRouterSlot, context);
}

/** A parent stream config for a memory stream. */
export const parent = (name: string, more: JsonObject = {}): JsonObject => ({
  type: 'ParentStreamConfig',
  stream: { type: 'Memory', name },
  parent_key: 'id',
  partition_field: 'pid',
  ...more,
});

/** A substream router over these parents. */
export const substream = (...parents: JsonObject[]): JsonObject => ({
  type: 'SubstreamPartitionRouter',
  parent_stream_configs: parents,
});

/** Every partition of a router. */
export async function partitionsOf(router: PartitionRouter, before?: JsonObject): Promise<Partition[]> {
  const all = [];
  for await (const partition of router.partitions(before, new AbortController().signal)) all.push(partition);
  return all;
}

function memoryStream(name: string, memory: MemoryParent): DeclarativeStream {
  return {
    name,
    primaryKey: [],
    isIncremental: memory.step !== undefined,
    schema: () => ({}),
    describe: () => ({
      name,
      json_schema: {},
      supported_sync_modes: [],
      ...(memory.step ? { default_cursor_field: ['at'] } : {}),
    }),
    open: (state) => openMemory(memory, state),
  };
}

function openMemory(memory: MemoryParent, state: JsonObject | undefined): OpenStream {
  memory.opened = [...(memory.opened ?? []), state];
  const { pages, step } = memory;
  const highest = Math.max(0, ...pages.flat().map((record) => Number(record.at ?? 0)));
  const cursor = step
    ? rangeCursor<number>({
        values: {
          compare: (a, b) => a - b,
          parse: Number,
          format: (value) => value,
          write: (value) => value,
          read: Number,
          after: (value) => value + 1,
          highest: (records) =>
            records.reduce<number | undefined>((high, record) => Math.max(high ?? 0, Number(record.at)), undefined),
        },
        cut: {
          start: 0,
          end: () => highest,
          step: (value) => value + step,
          before: (value) => value - 1,
          isStrict: false,
        },
        cursorField: 'at',
        fields: { start: 'from', end: 'to' },
        state,
        fingerprint: 'f',
      })
    : pageCursor({ state, fingerprint: 'f' });
  return {
    cursor: withPartition(singleCursor(cursor), memory.partition),
    async *read(unit: Unit): AsyncIterable<Page> {
      const all = step
        ? pages
            .map((page) =>
              page.filter(
                (record) => Number(record.at) >= Number(unit.slice.from) && Number(record.at) <= Number(unit.slice.to),
              ),
            )
            .filter((page) => page.length)
        : pages;
      for (let i = Number(unit.position ?? 0); i < Math.max(1, all.length); i++) {
        memory.asked = [...(memory.asked ?? []), step ? `${unit.slice.from}-${unit.slice.to}:${i}` : i];
        yield { records: all[i] ?? [], ...(i + 1 < all.length ? { next: i + 1 } : {}) };
      }
    },
  };
}

function withPartition(cursor: OpenStream['cursor'], partition: JsonObject | undefined): OpenStream['cursor'] {
  if (!partition) return cursor;
  return {
    ...cursor,
    async *plan(signal) {
      for await (const unit of cursor.plan(signal)) yield { ...unit, partition };
    },
  };
}
