import { isDigit } from '../methods/text-kind.js';
import { parseIntText } from '../operations/convert.js';
import { getItem } from '../operations/item.js';
import { isText, Markup, plain } from '../values/markup.js';
import { Undefined } from '../values/undefined.js';

type Get = (item: unknown) => unknown;

/** Text in lower case, for comparisons that do not mind case; anything else as it is. */
export function ignoreCase(value: unknown): unknown {
  if (typeof value === 'string') return value.toLowerCase();
  return value instanceof Markup ? value.markup.toLowerCase() : value;
}

/** Follows a path such as `address.city` or `0.name`; `otherwise` stands in for what is undefined on the way. */
export function attributePath(path: unknown, otherwise?: unknown): Get {
  const parts = partsOf(path);
  return (item) => {
    let value = item;
    for (const part of parts) {
      value = getItem(value, part);
      if (otherwise !== undefined && otherwise !== null && value instanceof Undefined) value = otherwise;
    }
    return value;
  };
}

/** Several paths with commas between. */
export function attributePaths(paths: unknown): (item: unknown) => unknown[] {
  const getters = (isText(paths) ? plain(paths).split(',') : [paths]).map((path) => attributePath(path));
  return (item) => getters.map((get) => get(item));
}

function partsOf(path: unknown): unknown[] {
  if (path === undefined || path === null) return [];
  if (!isText(path)) return [path];
  return plain(path)
    .split('.')
    .map((part) => (isDigit(part) ? parseIntText(part, 10) : part));
}
