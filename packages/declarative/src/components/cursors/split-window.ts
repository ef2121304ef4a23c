import { compareMoments, fixedMicros, type Moment, type Span, shiftMicros } from './moment.js';

interface WindowToSplit {
  start: Moment;
  /** The last unit of granularity that belongs to the window. */
  end: Moment;
  granularity: Span;
  /** No window of at most this length is split. */
  smallest: Span | undefined;
}

/**
 * The two halves of a window, the second beginning one unit of granularity after the end of the first. Undefined when it is
 * too short to split, or its granularity is one of months, which have no fixed length.
 */
export function splitWindow({
  start,
  end,
  granularity,
  smallest,
}: WindowToSplit): [[Moment, Moment], [Moment, Moment]] | undefined {
  const unit = fixedMicros(granularity);
  if (compareMoments(start, end) >= 0 || unit === undefined || unit <= 0n) return undefined;
  const length = end.utcMicros() - start.utcMicros();
  const least = smallest && fixedMicros(smallest);
  if (least !== undefined && length <= least) return undefined;
  const units = length / unit + 1n;
  if (units <= 1n) return undefined;
  const middle = shiftMicros(start, (units / 2n) * unit);
  return [
    [start, shiftMicros(middle, -unit)],
    [middle, end],
  ];
}
