import { streamKey, stringify } from '@tidemark/protocol';
import type { ResetOrder } from '../../destination.js';
import { entryKey, type StreamEntry } from './manifest.js';

/** The entries after orders about them; see `Session.reset`. */
export function ordered(streams: readonly StreamEntry[], orders: readonly ResetOrder[], now: number): StreamEntry[] {
  const byKey = new Map(orders.map((order) => [streamKey(order.stream), order]));
  return streams.map((entry) => {
    const order = byKey.get(entryKey(entry));
    return order ? carriedOut(entry, order, now) : entry;
  });
}

function carriedOut(entry: StreamEntry, { what, state }: ResetOrder, now: number): StreamEntry {
  const changed: StreamEntry = { ...entry, state: undefined, updatedAt: now };
  // What was written beside the rows goes with the state that covered it.
  if (what === 'state') {
    const kept = state ? stringify(state) : undefined;
    return { ...changed, next: undefined, minimumGeneration: 0, state: kept };
  }
  // Of no job: a stream that is complete in an unfinished one is read again all the same.
  if (what !== 'clear') return { ...changed, job: '', pending: what };
  const emptied = { parts: [], next: undefined, delta: undefined, rows: 0 };
  return { ...changed, ...emptied, job: '', status: 'open', pending: undefined, minimumGeneration: 0 };
}
