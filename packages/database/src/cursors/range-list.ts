import { canonical, type Json } from '@tidemark/protocol';
import type { PlannedPart } from '../dialect.js';
import type { Part, Range } from '../state.js';

/** A part as it is planned first, or again (`epoch` of the part that it takes the place of, plus one). */
export function newPart(planned: PlannedPart, before?: Part): Part {
  return {
    id: planned.id,
    epoch: before ? before.epoch + 1 : 0,
    identity: planned.identity,
    ranges: planned.ranges.map(({ lo, hi }) => ({ lo, hi, pos: null, rows: 0, done: false })),
    revoked: before ? [...before.revoked, unitOf(before)] : [],
  };
}

/** Ranges without gaps from the beginning of a table, cut at these places, up to and with its last row. */
export function rangesUpTo(last: Json, cuts: readonly Json[]): PlannedPart['ranges'] {
  const bounds = [null, ...cuts, last];
  return bounds.slice(1).map((hi, i) => ({ lo: bounds[i]!, hi }));
}

/** The unit that all chunks of a part belong to: what a destination takes back when the part is planned anew. */
export function unitOf(part: Part): string {
  return `${part.id}#${part.epoch}`;
}

/** True when every range of every part is read and nothing is left to be taken back. */
export function isLoaded(parts: readonly Part[]): boolean {
  return parts.every((part) => part.revoked.length === 0 && part.ranges.every((range) => range.done));
}

/** Splits a range that nobody has begun at `at`; gives the lower piece. */
export function splitRange(part: Part, range: Range, at: Range['lo']): Range {
  const index = part.ranges.indexOf(range);
  const lower: Range = { lo: range.lo, hi: at, pos: null, rows: 0, done: false };
  range.lo = at;
  part.ranges.splice(index, 0, lower);
  return lower;
}

/**
 * The parts as a state keeps them: a copy in which neighbours that are done are one range. Whether two ranges are
 * neighbours is a question of equality; the order of bounds is the server's business.
 */
export function foldedParts(parts: readonly Part[]): Part[] {
  return parts.map((part) => ({ ...part, revoked: [...part.revoked], ranges: fold(part.ranges) }));
}

function fold(ranges: readonly Range[]): Range[] {
  const folded: Range[] = [];
  for (const range of ranges) {
    const last = folded.at(-1);
    if (last?.done && range.done && canonical(last.hi) === canonical(range.lo)) {
      last.hi = range.hi;
      last.rows += range.rows;
    } else folded.push({ ...range });
  }
  return folded;
}
