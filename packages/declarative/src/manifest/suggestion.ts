/** More than these are not looked at: a suggestion is a courtesy, and must not take long. */
const CANDIDATES_MAX = 2000;

/** The candidate nearest to what was written, when it is near enough to be what was meant. */
export function nearest(written: string, candidates: Iterable<string>): string | undefined {
  const word = fold(written);
  const limit = Math.max(1, Math.floor(Math.min(written.length, 40) / 3));
  let best: string | undefined;
  let least = limit + 1;
  let tried = 0;
  for (const candidate of candidates) {
    if (++tried > CANDIDATES_MAX) break;
    if (candidate === written || Math.abs(candidate.length - written.length) >= least) continue;
    const distance = editDistance(word, fold(candidate), least);
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

// `pageSize`, `page-size` and `Page_Size` are the same mistake as `page_size`.
function fold(word: string): string {
  return word
    .slice(0, 80)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/-/g, '_')
    .toLowerCase();
}

/** Insertions, deletions, replacements and swaps of neighbours; gives up (returning `bound`) once it cannot be below it. */
function editDistance(a: string, b: string, bound: number): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min((previous[j] as number) + 1, (row[j - 1] as number) + 1, (previous[j - 1] as number) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        value = Math.min(value, (before[j - 2] as number) + 1);
      row.push(value);
      if (value < least) least = value;
    }
    if (least >= bound) return bound;
    before = previous;
    previous = row;
  }
  return previous[b.length] as number;
}
