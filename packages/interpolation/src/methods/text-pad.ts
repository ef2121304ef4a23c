import { spendSize } from '../budget.js';
import { typeError, valueError } from '../error.js';
import { braceFormatter } from '../formatting/braces.js';
import { encodeText } from '../formatting/encoding.js';
import { codePointLength } from '../operations/code-points.js';
import { findItem } from '../operations/item.js';
import { lengthOrNone } from '../operations/length.js';
import { typeName } from '../operations/type-name.js';
import type { Keywords } from '../values/callable.js';
import { Dict } from '../values/dict.js';
import { isIntLike } from '../values/float.js';
import { getKey, isMapping } from '../values/mapping.js';
import { isText, plain } from '../values/markup.js';
import { intArgument, textArgument } from './arguments.js';
import { members } from './member.js';

export type Side = 'left' | 'right' | 'center';

/** Pads to a width with a character; where it cannot be centred exactly, CPython's side gets the odd one. */
export function pad(self: string, width: number, fill: string, side: Side): string {
  const missing = width - codePointLength(self);
  if (missing <= 0) return self;
  spendSize(width);
  if (side === 'left') return self + fill.repeat(missing);
  if (side === 'right') return fill.repeat(missing) + self;
  const left = Math.floor(missing / 2) + (missing & width & 1);
  return fill.repeat(left) + self + fill.repeat(missing - left);
}

function padArguments(self: string, [width, fill]: unknown[], side: Side): string {
  const char = fill === undefined ? ' ' : textArgument(fill, 'The fill character');
  if (codePointLength(char) !== 1) throw typeError('The fill character must be exactly one character long');
  return pad(self, intArgument(width, 0), char, side);
}

function zeroFill(self: string, [width]: unknown[]): string {
  const sign = /^[+-]/.test(self) ? self.slice(0, 1) : '';
  return sign + pad(self.slice(sign.length), intArgument(width, 0) - sign.length, '0', 'right');
}

function expandTabs(self: string, [size]: unknown[]): string {
  const width = intArgument(size, 8);
  let column = 0;
  let out = '';
  for (const char of self) {
    if (char === '\t') {
      const spaces = width > 0 ? width - (column % width) : 0;
      spendSize(spaces);
      out += ' '.repeat(spaces);
      column += spaces;
    } else {
      out += char;
      column = char === '\n' || char === '\r' ? 0 : column + 1;
    }
  }
  return out;
}

/** `str.maketrans`: from one dict, or from characters to characters and characters to drop. */
function makeTrans(_self: string, [from, to, drop]: unknown[]): Dict {
  const table = new Dict();
  if (to === undefined) {
    if (!isMapping(from)) throw typeError('if you give only one argument to maketrans it must be a dict');
    const pairs = from instanceof Dict ? [...from.entries.values()] : Object.entries(from);
    for (const [key, value] of pairs) table.set(isText(key) ? plain(key).codePointAt(0) : key, value);
    return table;
  }
  const sources = [...textArgument(from)];
  const targets = [...textArgument(to)];
  if (sources.length !== targets.length) throw valueError('the first two maketrans arguments must have equal length');
  for (const [index, char] of sources.entries()) table.set(char.codePointAt(0), targets[index]?.codePointAt(0));
  if (drop !== undefined) for (const char of textArgument(drop)) table.set(char.codePointAt(0), null);
  return table;
}

function translate(self: string, [table]: unknown[]): string {
  let out = '';
  for (const char of self) {
    const target = translated(table, char.codePointAt(0) ?? 0);
    if (target === undefined) out += char;
    else if (isText(target)) out += plain(target);
    else if (isIntLike(target)) out += String.fromCodePoint(Number(target));
    else if (target !== null) throw typeError('character mapping must return integer, None or str');
  }
  return out;
}

/** What a table has for a character: anything that has elements can be one. */
function translated(table: unknown, code: number): unknown {
  const found = findItem(table, code);
  if (found === undefined && lengthOrNone(table) < 0)
    throw typeError(`'${typeName(table)}' object is not subscriptable`);
  return found;
}

export const textPad = members<string>({
  ljust: ['width, fillchar=, /', (self, args) => padArguments(self, args, 'left')],
  rjust: ['width, fillchar=, /', (self, args) => padArguments(self, args, 'right')],
  center: ['width, fillchar=, /', (self, args) => padArguments(self, args, 'center')],
  zfill: ['width, /', zeroFill],
  expandtabs: ['tabsize=8', expandTabs],
  encode: ['encoding=, errors=', (self, [encoding, errors]) => encodeText(self, encoding, errors)],
  maketrans: ['x, y=, z=, /', makeTrans],
  translate: ['table, /', translate],
  format: [
    '*args, **kwargs',
    (self, [args, named]) => braceFormatter(self, args as unknown[], (key) => (named as Keywords).get(key)),
  ],
  format_map: [
    'mapping, /',
    (self, [mapping]) => braceFormatter(self, [], (key) => (isMapping(mapping) ? getKey(mapping, key) : undefined)),
  ],
});
