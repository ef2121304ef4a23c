import { spendSize } from '../budget.js';
import { Failure, typeError } from '../error.js';
import { iterate } from '../operations/iterate.js';
import { typeName } from '../operations/type-name.js';
import { isText, plain } from '../values/markup.js';
import { intArgument, textArgument } from './arguments.js';
import { members } from './member.js';
import { SPACE } from './text-kind.js';

const SPACES = new RegExp(`[${SPACE}]+`);
const LEADING = new RegExp(`^[${SPACE}]+`);
const TRAILING_CHAR = new RegExp(`[${SPACE}]`);

/** `strip` and kin: white space, or any of the given characters. */
export function strip(self: string, chars: unknown, sides: 'left' | 'right' | 'both'): string {
  const isStripped = stripTest(chars);
  let start = 0;
  let end = self.length;
  if (sides !== 'right') while (start < end && isStripped(self, start)) start += width(self, start);
  if (sides !== 'left') {
    while (end > start) {
      const at =
        end >= 2 && /[\udc00-\udfff]/.test(self[end - 1] ?? '') && /[\ud800-\udbff]/.test(self[end - 2] ?? '')
          ? end - 2
          : end - 1;
      if (!isStripped(self, at)) break;
      end = at;
    }
  }
  return self.slice(start, end);
}

const width = (text: string, at: number) => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);

function stripTest(chars: unknown): (text: string, at: number) => boolean {
  if (chars === undefined || chars === null) return (text, at) => TRAILING_CHAR.test(text[at] ?? '');
  const set = new Set(textArgument(chars, 'strip arg'));
  return (text, at) => set.has(String.fromCodePoint(text.codePointAt(at) ?? 0));
}

/** `split`: by white space when there is no separator, empty parts left out then. */
export function split(self: string, separator: unknown, limit: number): string[] {
  if (separator === undefined || separator === null) return splitSpace(self, limit);
  const by = textArgument(separator, 'must');
  if (by === '') throw new Failure('ValueError', 'empty separator');
  if (limit < 0) return self.split(by);
  const parts: string[] = [];
  let from = 0;
  while (parts.length < limit) {
    const at = self.indexOf(by, from);
    if (at < 0) break;
    parts.push(self.slice(from, at));
    from = at + by.length;
  }
  parts.push(self.slice(from));
  return parts;
}

function splitSpace(self: string, limit: number): string[] {
  let rest = self.replace(LEADING, '');
  if (limit < 0) {
    rest = strip(rest, undefined, 'right');
    return rest === '' ? [] : rest.split(SPACES);
  }
  const parts: string[] = [];
  while (rest !== '' && parts.length < limit) {
    const found = SPACES.exec(rest);
    if (!found) break;
    parts.push(rest.slice(0, found.index));
    rest = rest.slice(found.index + found[0].length);
  }
  if (rest !== '') parts.push(rest);
  return parts;
}

export function rsplit(self: string, separator: unknown, limit: number): string[] {
  if (limit < 0) return split(self, separator, -1);
  if (separator === undefined || separator === null) return rsplitSpace(self, limit);
  const by = textArgument(separator, 'must');
  if (by === '') throw new Failure('ValueError', 'empty separator');
  const parts: string[] = [];
  let to = self.length;
  while (parts.length < limit) {
    const at = to - by.length < 0 ? -1 : self.lastIndexOf(by, to - by.length);
    if (at < 0) break;
    parts.unshift(self.slice(at + by.length, to));
    to = at;
  }
  parts.unshift(self.slice(0, to));
  return parts;
}

function rsplitSpace(self: string, limit: number): string[] {
  let rest = strip(self, undefined, 'right');
  const parts: string[] = [];
  while (rest !== '' && parts.length < limit) {
    let at = rest.length;
    while (at > 0 && !TRAILING_CHAR.test(rest[at - 1] ?? '')) at--;
    if (at === 0) break;
    parts.unshift(rest.slice(at));
    rest = strip(rest.slice(0, at), undefined, 'right');
  }
  if (rest !== '') parts.unshift(rest);
  return parts;
}

/** The characters that end a line, besides the pair of carriage return and line feed. */
const LINE_ENDS = '\n\r\v\f\x1c-\x1e\x85\u2028\u2029';
const LINE_END = new RegExp(`\r\n|[${LINE_ENDS}]`, 'g');

/** The lines of a text; a line end at its end makes no empty last line. */
export function splitLines(self: string, keepEnds: boolean): string[] {
  const lines: string[] = [];
  let from = 0;
  for (const found of self.matchAll(LINE_END)) {
    const end = found.index + found[0].length;
    lines.push(self.slice(from, keepEnds ? end : found.index));
    from = end;
  }
  if (from < self.length) lines.push(self.slice(from));
  return lines;
}

/** `separator.join(parts)`: every part must be text. */
export function join(separator: string, parts: unknown): string {
  const texts: string[] = [];
  let size = 0;
  let index = 0;
  for (const part of iterate(parts)) {
    if (!isText(part)) throw typeError(`sequence item ${index}: expected str instance, ${typeName(part)} found`);
    size += plain(part).length + separator.length;
    texts.push(plain(part));
    index++;
  }
  spendSize(size);
  return texts.join(separator);
}

/** Each part is a text of its own, and paid for. */
function paid(parts: string[]): string[] {
  spendSize(parts.length * 2);
  return parts;
}

export const textSplit = members<string>({
  strip: ['chars=None, /', (self, [chars]) => strip(self, chars, 'both')],
  lstrip: ['chars=None, /', (self, [chars]) => strip(self, chars, 'left')],
  rstrip: ['chars=None, /', (self, [chars]) => strip(self, chars, 'right')],
  split: ['sep=None, maxsplit=-1', (self, [by, limit]) => paid(split(self, by, intArgument(limit, -1)))],
  rsplit: ['sep=None, maxsplit=-1', (self, [by, limit]) => paid(rsplit(self, by, intArgument(limit, -1)))],
  splitlines: ['keepends=False', (self, [keep]) => paid(splitLines(self, intArgument(keep, 0) !== 0))],
  join: ['iterable, /', (self, [parts]) => join(self, parts)],
});
