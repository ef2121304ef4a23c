import type { Json } from '@tidemark/protocol';
import type { RecordData } from '../stream.js';

/** What a cursor over ordered values needs to know of them: moments, counts, anything with an order. */
export interface RangeValues<V> {
  /** Negative, zero or positive, as for `Array.sort`. */
  compare(a: V, b: V): number;
  /** Reads a value of a state or slice. Throws when it cannot be read. */
  parse(value: Json): V;
  /** The value as states and slices have it; may drop precision. */
  format(value: V): Json;
  /** The value digit for digit, for our own part of the state. */
  write(value: V): Json;
  /** Reads what `write` wrote. Throws when it cannot be read. */
  read(value: Json): V;
  /** The smallest value that counts as following without a gap. */
  after(value: V): V;
  /** The highest cursor value of a page; undefined when no record has one that can be read. */
  highest(records: readonly RecordData[]): V | undefined;
}

/** How a range is cut into slices. */
export interface RangeCut<V> {
  /** Nothing before it is ever asked for. */
  readonly start: V;
  /** Where the range ends at this moment; undefined when it is open. */
  end(): V | undefined;
  /** The end of a slice that begins here; undefined beyond what can be named. Without it there is one slice. */
  step?(value: V): V | undefined;
  /** One unit of granularity earlier. Present when slices include their last unit and must not share it with the next. */
  before?(value: V): V;
  /** Where to begin so that late records are seen again. */
  lookback?(value: V): V;
  /** Moves a boundary to the beginning of a period. */
  clamp?(value: V): V;
  /** The API refuses slices that begin where they end. */
  readonly isStrict: boolean;
}

/** A stretch to be cut. `isTail` when it ends at the range's own end, not at something that is known already. */
export interface Stretch<V> {
  readonly start: V;
  readonly end: V | undefined;
  readonly isTail: boolean;
}

/** The part of a stretch that the range begins before; undefined when nothing of it is to be read. */
export function withinRange<V>(
  { compare }: RangeValues<V>,
  cut: RangeCut<V>,
  { start, end, isTail }: Stretch<V>,
): Stretch<V> | undefined {
  const floor = compare(start, cut.start) > 0 ? start : cut.start;
  if (end === undefined) return { start: floor, end, isTail };
  const distance = compare(start, end);
  const isEmpty = distance > 0 || (distance === 0 && !(isTail && cut.before));
  return isEmpty || compare(floor, end) > 0 ? undefined : { start: floor, end, isTail };
}

/** The slices of a stretch in order, each with its first and last value; no last value where the range is open. */
export function* cutStretch<V>(
  { compare }: RangeValues<V>,
  cut: RangeCut<V>,
  { start, end: upper, isTail }: Stretch<V>,
): Iterable<[V, V | undefined]> {
  if (upper === undefined) {
    yield [start, undefined];
    return;
  }
  const clamp = (value: V): V => cut.clamp?.(value) ?? value;
  const shorten = (value: V): V => cut.before?.(value) ?? value;
  const lower = clamp(start);
  const left = compare(lower, upper);
  if (left > 0 || (left === 0 && (cut.isStrict || !isTail))) return;
  const first = cut.step?.(lower);
  if (first === undefined || compare(first, upper) >= 0) {
    yield [lower, isTail ? (cut.before ? upper : clamp(upper)) : shorten(clamp(upper))];
    return;
  }
  let current = lower;
  for (;;) {
    const next = cut.step?.(current);
    const reached = next === undefined || compare(next, upper) >= 0;
    const top = reached ? upper : clamp(next as V);
    const isLast = reached || compare(top, upper) === 0;
    const bottom = clamp(current);
    // The clamp has folded the slice to nothing: there is no further one.
    if (compare(bottom, top) >= 0) return;
    yield [bottom, isTail && isLast ? top : shorten(top)];
    if (isLast) return;
    current = top;
  }
}
