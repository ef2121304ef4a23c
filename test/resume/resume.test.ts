import type { RecordData } from '@tidemark/source';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoApi, startDemoApi } from '../../examples/demo-api/server.mjs';
import { killedRead, lastStates, recordsOf } from './killed-read.js';
import { openExample } from './open-example.js';

const SIZES = { customers: 17, products: 18, berths: 16, orders: 23, regions: 3, deliveries_per_region: 7 };
const PAGE_SIZE = 5;
const DELIVERIES = SIZES.regions * SIZES.deliveries_per_region;

/** A stream's key and how many records it has; `cursor` where a record at the very value of the state may come again. */
interface Facts {
  key: string;
  total: number;
  cursor?: string;
}

/** Each example with its streams. */
const EXAMPLES: Record<string, Record<string, Facts>> = {
  'pagination/cursor': { customers: { key: 'id', total: SIZES.customers } },
  'pagination/offset': { products: { key: 'sku', total: SIZES.products } },
  'pagination/page': { berths: { key: 'berth_id', total: SIZES.berths } },
  'incremental/datetime': { orders: { key: 'id', total: SIZES.orders, cursor: 'updated_at' } },
  'partitions/list': { deliveries: { key: 'delivery_id', total: DELIVERIES } },
  'partitions/substream': {
    regions: { key: 'id', total: SIZES.regions },
    deliveries: { key: 'delivery_id', total: DELIVERIES },
  },
};

describe.each(Object.entries(EXAMPLES))('%s', (folder, streams) => {
  let api: DemoApi;
  beforeAll(async () => {
    api = await startDemoApi({ sizes: SIZES, faultsEvery: 0 });
  });
  afterAll(() => api.close());

  const open = () => openExample(folder, { base_url: api.url, token: 'demo-token', page_size: PAGE_SIZE });
  const keysOf = (records: RecordData[], key: string): string[] => records.map((record) => String(record[key]));

  it('reads every record once when nothing happens', async () => {
    const { emitted, errors } = await killedRead(await open(), new Map());
    expect(errors).toEqual([]);
    for (const [stream, { key, total }] of Object.entries(streams)) {
      const keys = keysOf(recordsOf(emitted, stream), key);
      expect(new Set(keys).size).toBe(total);
      expect(keys.length).toBe(total);
      expect(lastStates(emitted).get(stream)).toBeDefined();
    }
  });

  it('killed after each message in turn, it loses nothing and repeats only what no state covered', async () => {
    const messages = (await killedRead(await open(), new Map())).emitted.length;
    expect(messages).toBeGreaterThan(Object.values(streams).reduce((sum, { total }) => sum + total, 0));
    for (let killAfter = 1; killAfter < messages; killAfter++) {
      const first = await killedRead(await open(), new Map(), killAfter);
      const second = await killedRead(await open(), lastStates(first.emitted));
      expect(first.emitted.length).toBe(killAfter);
      expect([...first.errors, ...second.errors]).toEqual([]);
      for (const [stream, { key, total, cursor }] of Object.entries(streams)) {
        const early = keysOf(recordsOf(first.emitted, stream), key);
        const late = keysOf(recordsOf(second.emitted, stream), key);
        const where = `killed after message ${killAfter}, stream ${stream}`;
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
    }
  });
});
