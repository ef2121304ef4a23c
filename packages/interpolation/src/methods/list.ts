import { spendSize } from '../budget.js';
import { Failure } from '../error.js';
import { call } from '../operations/call.js';
import { equal } from '../operations/equality.js';
import { toArray } from '../operations/iterate.js';
import { sorted } from '../operations/sort.js';
import { truth } from '../operations/truth.js';
import type { Tuple } from '../values/tuple.js';
import { bounds, intArgument } from './arguments.js';
import { members } from './member.js';

type List = unknown[];

function indexOf(self: readonly unknown[], [value, start, end]: unknown[], name: string): number {
  const [from, to] = bounds(start, end, self.length);
  for (let i = from; i < to; i++) if (self[i] === value || equal(self[i], value)) return i;
  throw new Failure('ValueError', `${name}: value is not in ${name.slice(0, name.indexOf('.'))}`);
}

const countOf = (self: readonly unknown[], value: unknown) =>
  self.filter((item) => item === value || equal(item, value)).length;

function pop(self: List, [index]: unknown[]): unknown {
  const at = intArgument(index, -1);
  if (self.length === 0) throw new Failure('IndexError', 'pop from empty list');
  const position = at < 0 ? at + self.length : at;
  if (position < 0 || position >= self.length) throw new Failure('IndexError', 'pop index out of range');
  return self.splice(position, 1)[0];
}

function insert(self: List, [index, value]: unknown[]): null {
  const at = intArgument(index, 0);
  spendSize(self.length + 1);
  self.splice(at < 0 ? Math.max(0, at + self.length) : at, 0, value);
  return null;
}

function append(self: List, items: unknown[]): null {
  spendSize(items.length + 1);
  for (const item of items) self.push(item);
  return null;
}

function replaceAll(self: List, items: unknown[]): null {
  self.length = 0;
  return append(self, items);
}

export const listMembers = members<List>({
  append: ['object, /', (self, [item]) => append(self, [item])],
  extend: ['iterable, /', (self, [items]) => append(self, toArray(items))],
  insert: ['index, object, /', insert],
  pop: ['index=-1, /', pop],
  remove: [
    'value, /',
    (self, [value]) => {
      self.splice(indexOf(self, [value], 'list.remove(x)'), 1);
      return null;
    },
  ],
  index: ['value, start=, stop=, /', (self, args) => indexOf(self, args, 'list.index')],
  count: ['value, /', (self, [value]) => countOf(self, value)],
  reverse: ['', (self) => replaceAll(self, self.slice().reverse())],
  clear: ['', (self) => replaceAll(self, [])],
  copy: ['', (self) => self.slice()],
  sort: [
    '*, key=None, reverse=False',
    (self, [key, reverse], runtime) => {
      const by =
        key === undefined || key === null ? undefined : (item: unknown) => call(key, [item], undefined, runtime);
      return replaceAll(self, sorted(self, by, truth(reverse ?? false)));
    },
  ],
});

export const tupleMembers = members<Tuple>({
  index: ['value, start=, stop=, /', (self, args) => indexOf(self.items, args, 'tuple.index')],
  count: ['value, /', (self, [value]) => countOf(self.items, value)],
});
