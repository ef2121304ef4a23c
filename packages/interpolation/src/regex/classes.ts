import { SPACE } from '../methods/text-kind.js';
import type { CharTest } from './tree.js';

const ofPattern =
  (pattern: RegExp): CharTest =>
  (code) =>
    pattern.test(String.fromCodePoint(code));

const isAsciiDigit: CharTest = (code) => code >= 48 && code <= 57;
const isAsciiWord: CharTest = (code) =>
  isAsciiDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
const isAsciiSpace: CharTest = (code) => code === 32 || (code >= 9 && code <= 13);
const unicodeDigit = ofPattern(/\p{Nd}/u);
const unicodeWord = ofPattern(/[\p{L}\p{N}_]/u);
const unicodeSpace = ofPattern(new RegExp(`[${SPACE}]`));

/** `\d`, `\w` and `\s`; ASCII is tested without a regular expression. */
export const CLASSES: Record<string, { ascii: CharTest; unicode: CharTest }> = {
  d: { ascii: isAsciiDigit, unicode: (code) => (code < 128 ? isAsciiDigit(code) : unicodeDigit(code)) },
  w: { ascii: isAsciiWord, unicode: (code) => (code < 128 ? isAsciiWord(code) : unicodeWord(code)) },
  s: {
    ascii: isAsciiSpace,
    unicode: (code) => (code < 128 ? isAsciiSpace(code) || (code >= 28 && code <= 31) : unicodeSpace(code)),
  },
};

export const negate =
  (test: CharTest): CharTest =>
  (code) =>
    !test(code);

/** A character's lower case, where that is one character. */
export function lower(code: number): number {
  if (code < 128) return code >= 65 && code <= 90 ? code + 32 : code;
  return single(String.fromCodePoint(code).toLowerCase(), code);
}

export function upper(code: number): number {
  if (code < 128) return code >= 97 && code <= 122 ? code - 32 : code;
  return single(String.fromCodePoint(code).toUpperCase(), code);
}

function single(text: string, otherwise: number): number {
  const code = text.codePointAt(0) ?? otherwise;
  return text.length === (code > 0xffff ? 2 : 1) ? code : otherwise;
}

/** The same test without regard to case. */
export function foldCase(test: CharTest): CharTest {
  return (code) => test(code) || test(lower(code)) || test(upper(code));
}

/** Whether a place is the edge of a word. */
export function atWordEdge(codes: ArrayLike<number>, at: number, isWord: CharTest): boolean {
  const left = at > 0 && isWord(codes[at - 1] ?? 0);
  return left !== (at < codes.length && isWord(codes[at] ?? 0));
}
