import { spend } from '../budget.js';
import { before } from './ordering.js';

/** Python's stable sort by a key. Values that have no order among them fail. */
export function sorted(
  items: readonly unknown[],
  key: (item: unknown) => unknown = (item) => item,
  reverse = false,
): unknown[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  spend(keyed.length * Math.ceil(Math.log2(keyed.length + 2)));
  // Comparing `b < a` only, as Python does, keeps equal elements in their order; reversed, it keeps it too.
  keyed.sort((a, b) => {
    if (reverse) return before(a.key, b.key) ? 1 : before(b.key, a.key) ? -1 : 0;
    return before(b.key, a.key) ? 1 : before(a.key, b.key) ? -1 : 0;
  });
  return keyed.map((entry) => entry.item);
}
