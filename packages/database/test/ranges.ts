import { canonical, type Json, type JsonObject } from '@tidemark/protocol';
import type { Sent } from '@tidemark/source/testing';

interface StatedRange {
  lo: Json;
  hi: Json;
  rows: number;
  done: boolean;
}

/** The ranges of a load of one part, as the first state has them. */
export function rangesOf(sent: readonly Sent[]): StatedRange[] {
  const [first] = statesOf(sent);
  return first ?? [];
}

/** How many rows each range had, of a load of one part that was read one range after the other from its beginning to its end. */
export function rowsOfRanges(sent: readonly Sent[]): number[] {
  const upTo = new Map<string, number>();
  for (const [first] of statesOf(sent)) if (first?.done) upTo.set(canonical(first.hi), first.rows);
  const all = sent.filter(({ kind }) => kind === 'record').length;
  const sums = [...new Set([0, ...upTo.values(), all])].sort((a, b) => a - b);
  return sums.slice(1).map((sum, i) => sum - sums[i]!);
}

function statesOf(sent: readonly Sent[]): StatedRange[][] {
  return sent.flatMap((each) => {
    const parts = each.kind === 'state' ? (each.state.parts as JsonObject[] | undefined) : undefined;
    return parts?.[0] ? [parts[0].ranges as unknown as StatedRange[]] : [];
  });
}
