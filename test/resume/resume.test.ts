import type { RecordData } from '@tidemark/source';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoApi, startDemoApi } from '../../examples/demo-api/server.mjs';
import { killedRead, lastStates, recordsOf, type Seen } from './killed-read.js';
import { openExample } from './open-example.js';

const SIZES = { customers: 17, products: 18, berths: 16, orders: 23, regions: 3, deliveries_per_region: 7 };
const PAGE_SIZE = 5;

/** A stream's key and how many records it has; `cursor` where a record at the very value of the state may come again. */
interface Facts {
  key: string;
  total: number;
  cursor?: string;
}

const STREAMS = {
  customers: { key: 'id', total: SIZES.customers },
  products: { key: 'sku', total: SIZES.products },
  berths: { key: 'berth_id', total: SIZES.berths },
  orders: { key: 'id', total: SIZES.orders, cursor: 'updated_at' },
  regions: { key: 'id', total: SIZES.regions },
  deliveries: { key: 'delivery_id', total: SIZES.regions * SIZES.deliveries_per_region },
} satisfies Record<string, Facts>;

/** What is read and killed: after each message, or after every so manieth where there are many. */
interface Case {
  name: string;
  folder: string;
  streams: (keyof typeof STREAMS)[];
  every?: number;
  edit?: (text: string) => string;
}

const CASES: Case[] = [
  { name: 'pages by cursor', folder: 'pagination/cursor', streams: ['customers'] },
  { name: 'pages by offset', folder: 'pagination/offset', streams: ['products'] },
  { name: 'pages by number', folder: 'pagination/page', streams: ['berths'] },
  { name: 'date slices', folder: 'incremental/datetime', streams: ['orders'] },
  {
    name: 'one slice for all time',
    folder: 'incremental/datetime',
    streams: ['orders'],
    edit: (text) => text.replace(/^ +(step|cursor_granularity): .*\n/gm, ''),
  },
  { name: 'partitions of a list', folder: 'partitions/list', streams: ['deliveries'] },
  { name: 'a substream', folder: 'partitions/substream', streams: ['regions', 'deliveries'] },
  {
    name: 'everything at once',
    folder: 'resume/full-refresh',
    streams: ['customers', 'products', 'berths', 'orders', 'regions', 'deliveries'],
    every: 9,
  },
];

const keysOf = (records: RecordData[], key: string): string[] => records.map((record) => String(record[key]));

/** Nothing lost, nothing twice in the second run, and of the first only what no state of it covered. */
function compare(first: Seen, second: Seen, stream: string, { key, total, cursor }: Facts, where: string): void {
  const early = keysOf(recordsOf(first.emitted, stream), key);
  const late = keysOf(recordsOf(second.emitted, stream), key);
  expect(new Set([...early, ...late]).size, `${where}: records in all`).toBe(total);
  expect(new Set(late).size, `${where}: doubled within the second run`).toBe(late.length);
  const open = new Set(keysOf(recordsOf(first.emitted, stream, true), key));
  // An incremental stream asks again from its cursor's value on, which it includes: another record may have it.
  const value = cursor && lastStates(first.emitted).get(stream)?.[cursor];
  const atCursor = recordsOf(first.emitted, stream).filter((record) => value && record[cursor!] === value);
  for (const each of keysOf(atCursor, key)) open.add(each);
  const repeated = late.filter((each) => early.includes(each) && !open.has(each));
  expect(repeated, `${where}: repeated although a state covered them`).toEqual([]);
}

describe.each(CASES)('$name', ({ folder, streams, every = 1, edit }) => {
  let api: DemoApi;
  beforeAll(async () => {
    api = await startDemoApi({ sizes: SIZES, faultsEvery: 0 });
  });
  afterAll(() => api.close());

  const config = (): { base_url: string; token: string; page_size: number; concurrency: number } => ({
    base_url: api.url,
    token: 'demo-token',
    page_size: PAGE_SIZE,
    concurrency: 8,
  });
  const open = () => openExample(folder, config(), edit);

  it('reads every record once when nothing happens', async () => {
    const { emitted, errors } = await killedRead(await open(), new Map());
    expect(errors).toEqual([]);
    for (const stream of streams) {
      const keys = keysOf(recordsOf(emitted, stream), STREAMS[stream].key);
      expect(new Set(keys).size).toBe(STREAMS[stream].total);
      expect(keys.length).toBe(STREAMS[stream].total);
      expect(lastStates(emitted).get(stream)).toBeDefined();
    }
  });

  it('killed after each message in turn, it loses nothing and repeats only what no state covered', async () => {
    const messages = (await killedRead(await open(), new Map())).emitted.length;
    expect(messages).toBeGreaterThan(streams.reduce((sum, stream) => sum + STREAMS[stream].total, 0));
    for (let killAfter = 1; killAfter < messages; killAfter += every) {
      const first = await killedRead(await open(), new Map(), killAfter);
      const second = await killedRead(await open(), lastStates(first.emitted));
      expect(first.emitted.length).toBe(killAfter);
      expect([...first.errors, ...second.errors]).toEqual([]);
      for (const stream of streams) {
        compare(first, second, stream, STREAMS[stream], `killed after message ${killAfter}, stream ${stream}`);
      }
    }
  }, 300_000);
});
