import { spend, spendSize } from '../budget.js';
import { Failure, typeError } from '../error.js';
import { intArgument } from '../methods/arguments.js';
import { add, arithmetic } from '../operations/arithmetic.js';
import { ADDRESS } from '../operations/attribute.js';
import { equal } from '../operations/equality.js';
import { hashKey } from '../operations/hash-key.js';
import { iterate, toArray } from '../operations/iterate.js';
import { length } from '../operations/length.js';
import { ordered } from '../operations/ordering.js';
import { asMarkup } from '../operations/sequence-arithmetic.js';
import { sorted } from '../operations/sort.js';
import { text } from '../operations/text.js';
import { truth } from '../operations/truth.js';
import { typeName } from '../operations/type-name.js';
import { Bytes } from '../values/bytes.js';
import { Dict } from '../values/dict.js';
import { DictView } from '../values/dict-view.js';
import { isIntLike } from '../values/float.js';
import { Lazy } from '../values/lazy.js';
import { isHostDict, isMapping, pairsOf } from '../values/mapping.js';
import { escapeHtml, isText, Markup } from '../values/markup.js';
import { Tuple } from '../values/tuple.js';
import { Undefined } from '../values/undefined.js';
import type { Filter } from '../word.js';
import { attributePath, attributePaths, ignoreCase } from './attribute-path.js';
import { example, filter } from './define.js';
import { generator } from './lazy.js';

const noItem = (which: string) => new Undefined(() => `No ${which} item, sequence was empty.`);

function first([value]: unknown[]): unknown {
  const iterator = iterate(value)[Symbol.iterator]();
  const { value: item, done } = iterator.next();
  return done ? noItem('first') : item;
}

/** Whether Python can go through it backwards: sequences and dicts, but no generators. */
export function reversedItems(value: unknown): unknown[] {
  const reversible =
    Array.isArray(value) || isText(value) || value instanceof Tuple || value instanceof Dict || isHostDict(value);
  if (!reversible && !(value instanceof DictView) && !(value instanceof Undefined) && !(value instanceof Bytes)) {
    throw typeError(`'${typeName(value)}' object is not reversible`);
  }
  const items = toArray(value).reverse();
  return value instanceof Markup ? items.map((char) => new Markup(char as string)) : items;
}

function last([value]: unknown[]): unknown {
  const [item] = reversedItems(value);
  return item === undefined ? noItem('last') : item;
}

function join([value, separator, attribute]: unknown[], autoescape: boolean): unknown {
  const get = attribute === undefined || attribute === null ? undefined : attributePath(attribute);
  const items = toArray(value).map((item) => (get ? get(item) : item));
  const by = separator === undefined ? '' : separator;
  const asMarkupToo = autoescape && (by instanceof Markup || items.some((item) => item instanceof Markup));
  const show = (item: unknown) => (!asMarkupToo ? text(item) : isText(item) ? asMarkup(item) : escapeHtml(text(item)));
  const texts = items.map(show);
  spendSize(texts.reduce((size, part) => size + part.length, 0) + texts.length * text(by).length);
  const out = texts.join(show(by));
  return asMarkupToo ? new Markup(out) : out;
}

function sort([value, reverse, caseSensitive, attribute]: unknown[]): unknown {
  const get = attributePaths(attribute ?? null);
  const fold = !truth(caseSensitive ?? false);
  const key = (item: unknown) => get(item).map((part) => (fold ? ignoreCase(part) : part));
  return sorted(toArray(value), key, reversedFlag(reverse));
}

/** `reverse` of a sort: an int or a boolean. */
const reversedFlag = (value: unknown) => intArgument(value, 0) !== 0;

function unique([value, caseSensitive, attribute]: unknown[]): Lazy {
  const get = attributePath(attribute);
  const fold = !truth(caseSensitive ?? false);
  return generator('sync_do_unique', function* () {
    const seen = new Set<unknown>();
    for (const item of iterate(value)) {
      spend(1);
      const key = hashKey(fold ? ignoreCase(get(item)) : get(item));
      if (seen.has(key)) continue;
      seen.add(key);
      yield item;
    }
  });
}

function extreme([value, caseSensitive, attribute]: unknown[], operator: '<' | '>'): unknown {
  const items = toArray(value);
  if (items.length === 0) return new Undefined(() => 'No aggregated item, sequence was empty.');
  const get = attributePath(attribute);
  const fold = !truth(caseSensitive ?? false);
  const keyOf = (item: unknown) => (fold ? ignoreCase(get(item)) : get(item));
  let best = items[0];
  let bestKey = keyOf(best);
  for (const item of items.slice(1)) {
    const key = keyOf(item);
    if (ordered(key, operator, bestKey)) [best, bestKey] = [item, key];
  }
  return best;
}

function sum([value, attribute, start]: unknown[]): unknown {
  const get = attributePath(attribute);
  const initial = start === undefined ? 0 : start;
  const items = toArray(value);
  if (isText(initial)) throw typeError("sum() can't sum strings [use ''.join(seq) instead]");
  if (initial instanceof Bytes) throw typeError("sum() can't sum bytes [use b''.join(seq) instead]");
  return items.reduce((total, item) => add(total, get(item)), initial);
}

/** The type of what goes backwards through a value. */
function reverseType(value: unknown): string {
  if (Array.isArray(value)) return 'list_reverseiterator';
  if (isMapping(value) || (value instanceof DictView && value.part === 'keys')) return 'dict_reversekeyiterator';
  return value instanceof DictView ? `dict_reverse${value.part.slice(0, -1)}iterator` : 'reversed';
}

function reverse([value]: unknown[]): unknown {
  if (typeof value === 'string') return Array.from(value).reverse().join('');
  if (value instanceof Markup) return new Markup(Array.from(value.markup).reverse().join(''));
  try {
    const items = reversedItems(value);
    return new Lazy(items[Symbol.iterator](), reverseType(value), `<${reverseType(value)} object at ${ADDRESS}>`);
  } catch (failure) {
    if (!(failure instanceof Failure) || failure.kind !== 'TypeError') throw failure;
  }
  try {
    return toArray(value).reverse();
  } catch (failure) {
    if (failure instanceof Failure && failure.kind === 'TypeError')
      throw new Failure('FilterArgumentError', 'argument must be iterable');
    throw failure;
  }
}

function items([value]: unknown[]): Lazy {
  return generator('do_items', function* () {
    if (value instanceof Undefined) return;
    if (!isMapping(value)) throw typeError('Can only get item pairs from a mapping.');
    for (const pair of pairsOf(value)) yield new Tuple(pair);
  });
}

function dictSort([value, caseSensitive, by, reversed]: unknown[]): unknown {
  const side = by === undefined || equal(by, 'key') ? 0 : equal(by, 'value') ? 1 : undefined;
  if (side === undefined) throw new Failure('FilterArgumentError', 'You can only sort by either "key" or "value"');
  if (value instanceof Undefined) throw value.fail();
  if (!isMapping(value)) throw new Failure('AttributeError', `'${typeName(value)}' object has no attribute 'items'`);
  const fold = !truth(caseSensitive ?? false);
  const pairs = pairsOf(value).map((pair) => new Tuple(pair));
  return sorted(
    pairs,
    (pair) => {
      const key = (pair as Tuple).items[side];
      return fold ? ignoreCase(key) : key;
    },
    reversedFlag(reversed),
  );
}

function batch([value, count, fill]: unknown[]): Lazy {
  return generator('do_batch', function* () {
    let row: unknown[] = [];
    for (const item of iterate(value)) {
      spend(1);
      if (isIntLike(count) && row.length === Number(count)) {
        yield row;
        row = [];
      }
      row.push(item);
    }
    if (row.length === 0) return;
    if (fill !== undefined && fill !== null) {
      if (!isIntLike(count)) throw typeError(`'<' not supported between instances of 'int' and '${typeName(count)}'`);
      spendSize(Number(count));
      while (row.length < Number(count)) row.push(fill);
    }
    yield row;
  });
}

function slices([value, count, fill]: unknown[]): Lazy {
  return generator('sync_do_slice', function* () {
    const all = toArray(value);
    arithmetic(all.length, '//', count);
    const columns = intArgument(count, 1);
    const size = Math.floor(all.length / columns);
    const longer = all.length - size * columns;
    let offset = 0;
    for (let i = 0; i < columns; i++) {
      spend(1);
      const start = offset + i * size;
      if (i < longer) offset++;
      const column = all.slice(start, offset + (i + 1) * size);
      if (fill !== undefined && fill !== null && i >= longer) column.push(fill);
      yield column;
    }
  });
}

function groupBy([value, attribute, otherwise, caseSensitive]: unknown[]): unknown {
  const get = attributePath(attribute, otherwise);
  const fold = !truth(caseSensitive ?? false);
  const keyOf = (item: unknown) => (fold ? ignoreCase(get(item)) : get(item));
  const groups: { key: unknown; items: unknown[] }[] = [];
  for (const item of sorted(toArray(value), keyOf)) {
    const key = keyOf(item);
    const group = groups.at(-1);
    if (group && equal(group.key, key)) group.items.push(item);
    else groups.push({ key, items: [item] });
  }
  return groups.map(
    ({ key, items: members }) => new Tuple([fold ? get(members[0]) : key, members], ['grouper', 'list']),
  );
}

function random([value]: unknown[]): unknown {
  const size = length(value);
  if (size === 0) return new Undefined(() => 'No random item, sequence was empty.');
  if (value instanceof DictView) throw typeError(`'${value.type}' object is not subscriptable`);
  if (isMapping(value)) throw new Failure('KeyError', '0');
  return toArray(value)[Math.floor(Math.random() * size)];
}

const USERS = {
  users: [
    { name: 'b', age: 2 },
    { name: 'A', age: 1 },
    { name: 'c', age: 2 },
  ],
};

export const collectionFilters: readonly Filter[] = [
  filter(
    'length',
    'value',
    'How many elements, or characters, the value has.',
    [example('{{ [1, 2] | length }}', 2)],
    ([value]) => length(value),
    ['count'],
  ),
  filter(
    'first',
    'value',
    'The first element; undefined when there is none.',
    [example('{{ [3, 4] | first }}', 3)],
    first,
  ),
  filter('last', 'value', 'The last element; undefined when there is none.', [example('{{ [3, 4] | last }}', 4)], last),
  filter('random', 'value', 'Any one of the elements.', [example('{{ [3] | random }}', 3)], random),
  filter(
    'list',
    'value',
    'The elements as a list; of a text, its characters.',
    [example("{{ 'ab' | list }}", ['a', 'b'])],
    ([value]) => toArray(value),
  ),
  filter(
    'join',
    "value, d='', attribute=None",
    'The elements as one text, with a separator between.',
    [
      example("{{ [1, 2] | join('-') }}", '1-2'),
      example("{{ users | join(', ', attribute='name') }}", 'b, A, c', USERS),
    ],
    (args, runtime) => join(args, runtime.autoescape),
  ),
  filter(
    'sort',
    'value, reverse=False, case_sensitive=False, attribute=None',
    'The elements in order, by an attribute or several.',
    [
      example('{{ [3, 1, 2] | sort }}', [1, 2, 3]),
      example("{{ users | sort(attribute='age,name') | map(attribute='name') | list }}", ['A', 'b', 'c'], USERS),
    ],
    sort,
  ),
  filter(
    'unique',
    'value, case_sensitive=False, attribute=None',
    'The elements without repetitions, first ones kept.',
    [example("{{ ['a', 'b', 'A'] | unique | list }}", ['a', 'b'])],
    unique,
  ),
  filter(
    'min',
    'value, case_sensitive=False, attribute=None',
    'The smallest element.',
    [example('{{ [3, 1] | min }}', 1)],
    (args) => extreme(args, '<'),
  ),
  filter(
    'max',
    'value, case_sensitive=False, attribute=None',
    'The largest element.',
    [example('{{ [3, 1] | max }}', 3)],
    (args) => extreme(args, '>'),
  ),
  filter(
    'sum',
    'value, attribute=None, start=0',
    'The elements, or an attribute of each, added up.',
    [example("{{ users | sum(attribute='age') }}", 5, USERS)],
    sum,
  ),
  filter(
    'reverse',
    'value',
    'The elements, or the characters, backwards.',
    [example('{{ [1, 2] | reverse | list }}', [2, 1]), example("{{ 'ab' | reverse }}", 'ba')],
    reverse,
  ),
  filter(
    'items',
    'value',
    'The pairs of a dict; none for an undefined value.',
    [example("{{ {'a': 1} | items | list }}", [['a', 1]])],
    items,
  ),
  filter(
    'dictsort',
    "value, case_sensitive=False, by='key', reverse=False",
    'The pairs of a dict in the order of their keys or values.',
    [
      example("{{ {'b': 1, 'a': 2} | dictsort }}", [
        ['a', 2],
        ['b', 1],
      ]),
    ],
    dictSort,
  ),
  filter(
    'batch',
    'value, linecount, fill_with=None',
    'The elements in lists of a given length.',
    [example('{{ [1, 2, 3] | batch(2) | list }}', [[1, 2], [3]])],
    batch,
  ),
  filter(
    'slice',
    'value, slices, fill_with=None',
    'The elements in a given number of lists.',
    [example('{{ [1, 2, 3] | slice(2) | list }}', [[1, 2], [3]])],
    slices,
  ),
  filter(
    'groupby',
    'value, attribute, default=None, case_sensitive=False',
    'The elements grouped by an attribute: pairs of its value (`grouper`) and their `list`.',
    [example("{{ users | groupby('age') | map('first') | list }}", [1, 2], USERS)],
    groupBy,
  ),
];
