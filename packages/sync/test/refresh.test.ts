import { clearOrders, pickStreams, refreshOrders, type StoredJob, type StoredStream } from '@tidemark/sync';
import { describe, expect, it } from 'vitest';

const stream = (
  name: string,
  syncMode: StoredStream['syncMode'],
  destinationSyncMode: StoredStream['destinationSyncMode'],
  namespace?: string,
): StoredStream => ({
  stream: { name, namespace },
  job: 'n',
  generation: 1,
  status: 'complete',
  syncMode,
  destinationSyncMode,
  rows: 1,
  openSince: 1,
});
const customers = stream('customers', 'full_refresh', 'overwrite');
const orders = stream('orders', 'incremental', 'append_dedup');
const events = stream('events', 'incremental', 'append');
const job = (...streams: StoredStream[]): StoredJob => ({
  job: { connection: 'c', id: 1, nonce: 'n', attempt: 1, fingerprint: 'f' },
  outcome: 'complete',
  streams,
});

describe('refresh', () => {
  it('orders what each mode allows', () => {
    const all = job(customers, orders, events);
    const named = (names?: string[], mode: 'merge' | 'truncate' = 'merge') =>
      refreshOrders(all, names, mode).map(({ stream: { name }, what }) => `${name} ${what}`);
    expect(named()).toEqual(['orders merge', 'events merge']);
    expect(named(['orders'], 'truncate')).toEqual(['orders truncate']);
    expect(named(['events', 'orders', 'events'])).toEqual(['events merge', 'orders merge']);
  });

  it('says what is possible, for every wrong stream at once', () => {
    const all = job(customers, orders, events);
    expect(() => refreshOrders(undefined, undefined, 'merge')).toThrow('has not been synced yet');
    expect(() => refreshOrders(job(customers), undefined, 'merge')).toThrow(
      'Every stream of this connection is read whole',
    );
    expect(() => refreshOrders(all, undefined, 'truncate')).toThrow(
      "Stream 'events' (incremental, append) cannot be refreshed with --truncate; possible: --merge.",
    );
    expect(() => refreshOrders(all, ['customers', 'events'], 'truncate')).toThrow(
      /^Stream 'customers' \(full_refresh, overwrite\) cannot be refreshed with --truncate: it is read whole .*\nStream 'events'/,
    );
    expect(() => refreshOrders(all, ['order', 'x'], 'merge')).toThrow(
      "have no stream 'order' (did you mean 'orders'?) and no stream 'x'. They have: customers, orders, events.",
    );
  });
});

describe('clear', () => {
  it('is of the streams that are named, or of all', () => {
    expect(clearOrders(job(customers, orders), ['orders'])).toEqual([{ stream: orders.stream, what: 'clear' }]);
    expect(clearOrders(job(customers, orders), undefined)).toHaveLength(2);
    expect(clearOrders(undefined, undefined)).toEqual([]);
  });
});

it('a stream is named with its namespace, or without where it is the only one', () => {
  const entries = [
    stream('a', 'incremental', 'append', 'x'),
    stream('a', 'incremental', 'append', 'y'),
    stream('b', 'incremental', 'append', 'y'),
  ];
  expect(pickStreams(entries, ['x.a', 'b'])).toEqual([entries[0], entries[2]]);
  expect(() => pickStreams(entries, ['a'])).toThrow("more than one stream 'a' (x.a, y.a)");
});
