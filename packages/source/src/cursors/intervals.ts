import type { RangeValues } from './range-plan.js';

/** A covered stretch with the highest cursor value that was seen in it. */
export interface Interval<V> {
  start: V;
  end: V;
  high?: V;
}

type Order<V> = Pick<RangeValues<V>, 'compare' | 'after'>;

/** Sorts by start and joins what touches or overlaps. Gives new intervals. */
export function mergeIntervals<V>(order: Order<V>, intervals: readonly Interval<V>[]): Interval<V>[] {
  const sorted = [...intervals].sort((a, b) => order.compare(a.start, b.start) || order.compare(a.end, b.end));
  const merged: Interval<V>[] = [];
  for (const interval of sorted) {
    const last = merged.at(-1);
    if (last && order.compare(order.after(last.end), interval.start) >= 0) join(order, last, interval);
    else merged.push({ ...interval });
  }
  return merged;
}

/** Adds an interval to sorted, separate ones and joins it with its neighbours, in place. */
export function includeInterval<V>(order: Order<V>, intervals: Interval<V>[], added: Interval<V>): void {
  let at = intervals.length;
  while (at > 0 && order.compare(intervals[at - 1]!.start, added.start) > 0) at--;
  intervals.splice(at, 0, { start: added.start, end: added.end, high: added.high });
  if (at > 0) at--;
  while (at + 1 < intervals.length) {
    const [left, right] = [intervals[at]!, intervals[at + 1]!];
    if (order.compare(order.after(left.end), right.start) >= 0) {
      join(order, left, right);
      intervals.splice(at + 1, 1);
    } else if (order.compare(right.start, added.start) > 0) {
      break;
    } else {
      at++;
    }
  }
}

function join<V>(order: Order<V>, into: Interval<V>, other: Interval<V>): void {
  if (order.compare(other.end, into.end) > 0) into.end = other.end;
  if (other.high !== undefined && (into.high === undefined || order.compare(other.high, into.high) >= 0))
    into.high = other.high;
}
