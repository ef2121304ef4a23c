import { Failure, typeError } from '../error.js';
import { codePointIndex, codePointLength, codePointSlice } from '../operations/code-points.js';
import { isText, plain } from '../values/markup.js';
import { Tuple } from '../values/tuple.js';
import { bounds, intArgument, textArgument } from './arguments.js';
import { members } from './member.js';

/** Index of `part` between the bounds, counted in code points; -1 when it is not there. */
function search(self: string, args: unknown[], last: boolean): number {
  const part = textArgument(args[0]);
  const length = codePointLength(self);
  const [start, end] = bounds(args[1], args[2], length);
  if (start > end || start > length) return -1;
  const window = start === 0 && end === length ? self : codePointSlice(self, start, end);
  const found = last ? window.lastIndexOf(part) : window.indexOf(part);
  return found < 0 ? -1 : start + codePointIndex(window, found);
}

function required(index: number): number {
  if (index < 0) throw new Failure('ValueError', 'substring not found');
  return index;
}

function count(self: string, args: unknown[]): number {
  const part = textArgument(args[0]);
  const length = codePointLength(self);
  const [start, end] = bounds(args[1], args[2], length);
  if (start > end || start > length) return 0;
  const window = codePointSlice(self, start, end);
  return part === '' ? codePointLength(window) + 1 : window.split(part).length - 1;
}

/** `startswith` and `endswith`: a text, or a tuple of which any will do. */
function affix(self: string, args: unknown[], matches: (window: string, part: string) => boolean): boolean {
  const [affixes] = args;
  if (!isText(affixes) && !(affixes instanceof Tuple)) throw typeError('first arg must be str or a tuple of str');
  const length = codePointLength(self);
  const [start, end] = bounds(args[1], args[2], length);
  const parts = affixes instanceof Tuple ? affixes.items : [affixes];
  if (start > length || start > end) {
    for (const part of parts) textArgument(part, 'tuple for startswith');
    return false;
  }
  const window = args.length > 1 ? codePointSlice(self, start, end) : self;
  return parts.some((part) => matches(window, textArgument(part, 'tuple for startswith')));
}

function replace(self: string, args: unknown[]): string {
  const [old, fresh] = [textArgument(args[0]), textArgument(args[1])];
  const limit = intArgument(args[2], -1);
  return replaceText(self, old, fresh, limit);
}

/** Replaces at most `limit` occurrences; all when it is negative. An empty text is found between all characters. */
export function replaceText(self: string, old: string, fresh: string, limit: number): string {
  if (limit < 0 && old !== '') return self.split(old).join(fresh);
  if (limit === 0) return self;
  const parts = old === '' ? ['', ...self, ''] : self.split(old);
  if (old === '' && self === '') return fresh;
  const kept = limit < 0 ? parts.length : limit;
  let out = parts[0] ?? '';
  for (let i = 1; i < parts.length; i++) out += (i <= kept ? fresh : old) + parts[i];
  return out;
}

function partition(self: string, args: unknown[], last: boolean): Tuple {
  const separator = textArgument(args[0]);
  if (separator === '') throw new Failure('ValueError', 'empty separator');
  const at = last ? self.lastIndexOf(separator) : self.indexOf(separator);
  if (at < 0) return new Tuple(last ? ['', '', self] : [self, '', '']);
  return new Tuple([self.slice(0, at), separator, self.slice(at + separator.length)]);
}

export const textSearch = members<string>({
  find: ['sub, start=, end=, /', (self, args) => search(self, args, false)],
  rfind: ['sub, start=, end=, /', (self, args) => search(self, args, true)],
  index: ['sub, start=, end=, /', (self, args) => required(search(self, args, false))],
  rindex: ['sub, start=, end=, /', (self, args) => required(search(self, args, true))],
  count: ['sub, start=, end=, /', count],
  startswith: ['prefix, start=, end=, /', (self, args) => affix(self, args, (window, part) => window.startsWith(part))],
  endswith: ['suffix, start=, end=, /', (self, args) => affix(self, args, (window, part) => window.endsWith(part))],
  replace: ['old, new, count=-1, /', replace],
  partition: ['sep, /', (self, args) => partition(self, args, false)],
  rpartition: ['sep, /', (self, args) => partition(self, args, true)],
  removeprefix: [
    'prefix, /',
    (self, [prefix]) => (self.startsWith(textArgument(prefix)) ? self.slice(plain(prefix as string).length) : self),
  ],
  removesuffix: [
    'suffix, /',
    (self, [suffix]) => {
      const part = textArgument(suffix);
      return part !== '' && self.endsWith(part) ? self.slice(0, -part.length) : self;
    },
  ],
});
