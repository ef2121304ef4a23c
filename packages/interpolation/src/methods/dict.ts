import { spend } from '../budget.js';
import { Failure, typeError } from '../error.js';
import { hashKey } from '../operations/hash-key.js';
import { iterate, toArray } from '../operations/iterate.js';
import { repr } from '../operations/text.js';
import { typeName } from '../operations/type-name.js';
import type { Keywords } from '../values/callable.js';
import { Dict } from '../values/dict.js';
import { DictView } from '../values/dict-view.js';
import { deleteKey, getKey, isMapping, keysOf, type Mapping, pairsOf, setKey, sizeOf } from '../values/mapping.js';
import { Tuple } from '../values/tuple.js';
import { Undefined } from '../values/undefined.js';
import { members } from './member.js';

function get(self: Mapping, [key, otherwise]: unknown[]): unknown {
  if (typeof key !== 'string') hashKey(key);
  const found = getKey(self, key);
  return found === undefined ? (otherwise ?? null) : found;
}

function pop(self: Mapping, [key, otherwise]: unknown[]): unknown {
  // An empty dict does not look at the key.
  if (sizeOf(self) > 0) hashKey(key);
  else if (otherwise !== undefined) return otherwise;
  else throw new Failure('KeyError', repr(key));
  const found = getKey(self, key);
  if (found !== undefined) deleteKey(self, key);
  else if (otherwise === undefined) throw new Failure('KeyError', repr(key));
  return found ?? otherwise;
}

function popItem(self: Mapping): Tuple {
  const last = pairsOf(self).at(-1);
  if (!last) throw new Failure('KeyError', 'popitem(): dictionary is empty');
  deleteKey(self, last[0]);
  return new Tuple(last);
}

function setDefault(self: Mapping, [key, otherwise]: unknown[]): unknown {
  hashKey(key);
  const found = getKey(self, key);
  if (found !== undefined) return found;
  setKey(self, key, otherwise ?? null);
  return otherwise ?? null;
}

/** Puts a mapping's or pairs' entries into a dict, then the keywords. */
export function update(self: Mapping, source: unknown, keywords?: Keywords): void {
  for (const [key, value] of source === undefined ? [] : entriesOf(source)) setKey(self, key, value);
  for (const [key, value] of keywords ?? []) setKey(self, key, value);
}

function entriesOf(source: unknown): [unknown, unknown][] {
  if (source instanceof Undefined) throw source.fail();
  if (isMapping(source)) {
    const pairs = pairsOf(source);
    spend(pairs.length);
    return pairs;
  }
  return toArray(source).map((pair, index) => {
    if (typeof pair === 'number')
      throw typeError(`cannot convert dictionary update sequence element #${index} to a sequence`);
    const both = toArray(iteratePair(pair, index));
    if (both.length !== 2)
      throw new Failure(
        'ValueError',
        `dictionary update sequence element #${index} has length ${both.length}; 2 is required`,
      );
    return [both[0], both[1]];
  });
}

function iteratePair(pair: unknown, index: number): Iterable<unknown> {
  try {
    return iterate(pair);
  } catch {
    throw typeError(`cannot convert dictionary update sequence element #${index} to a sequence (${typeName(pair)})`);
  }
}

export const dictMembers = members<Mapping>({
  get: ['key, default=None, /', get],
  keys: ['', (self) => new DictView(self, 'keys')],
  values: ['', (self) => new DictView(self, 'values')],
  items: ['', (self) => new DictView(self, 'items')],
  pop: ['key, default=, /', pop],
  popitem: ['', popItem],
  setdefault: ['key, default=None, /', setDefault],
  update: [
    'other=, /, **kwargs',
    (self, [other, keywords]) => {
      update(self, other, keywords as Keywords);
      return null;
    },
  ],
  clear: [
    '',
    (self) => {
      for (const key of keysOf(self)) deleteKey(self, key);
      return null;
    },
  ],
  copy: ['', (self) => Dict.of(pairsOf(self))],
  fromkeys: [
    'iterable, value=None, /',
    (_self, [keys, value]) => Dict.of(toArray(keys).map((key) => [key, value ?? null])),
  ],
});

export const viewMembers = members<DictView>({
  isdisjoint: [
    'other, /',
    (self, [other]) => {
      const taken = new Set(toArray(other).map(hashKey));
      return !self.toArray().some((item) => taken.has(hashKey(item)));
    },
  ],
  mapping: (self) => self.mapping,
});
