import { Failure } from '../error.js';
import { toArray } from '../operations/iterate.js';
import { ordered } from '../operations/ordering.js';
import { repr } from '../operations/text.js';
import { PySet } from '../values/set.js';
import { members } from './member.js';

const asSet = (value: unknown) => (value instanceof PySet ? value : new PySet(toArray(value)));

function union(self: PySet, others: unknown[]): PySet {
  return new PySet([...self.items(), ...others.flatMap(toArray)]);
}

function difference(self: PySet, others: unknown[]): PySet {
  const taken = union(new PySet(), others);
  return new PySet([...self.items()].filter((item) => !taken.has(item)));
}

function symmetric(self: PySet, other: unknown): PySet {
  const right = asSet(other);
  return new PySet([...difference(self, [right]).items(), ...difference(right, [self]).items()]);
}

function remove(self: PySet, item: unknown, strict: boolean): null {
  if (!self.delete(item) && strict) throw new Failure('KeyError', repr(item));
  return null;
}

export const setMembers = members<PySet>({
  union: ['*others', (self, [others]) => union(self, others as unknown[])],
  difference: ['*others', (self, [others]) => difference(self, others as unknown[])],
  intersection: [
    '*others',
    (self, [others]) => {
      const sets = (others as unknown[]).map(asSet);
      return new PySet([...self.items()].filter((item) => sets.every((set) => set.has(item))));
    },
  ],
  symmetric_difference: ['other, /', (self, [other]) => symmetric(self, other)],
  issubset: ['other, /', (self, [other]) => ordered(self, '<=', asSet(other))],
  issuperset: ['other, /', (self, [other]) => ordered(self, '>=', asSet(other))],
  isdisjoint: ['other, /', (self, [other]) => !toArray(other).some((item) => self.has(item))],
  copy: ['', (self) => new PySet(self.items())],
  add: [
    'item, /',
    (self, [item]) => {
      self.add(item);
      return null;
    },
  ],
  discard: ['item, /', (self, [item]) => remove(self, item, false)],
  remove: ['item, /', (self, [item]) => remove(self, item, true)],
});
