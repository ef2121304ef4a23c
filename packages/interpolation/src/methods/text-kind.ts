import { isPrintable } from '../formatting/quote.js';
import { members } from './member.js';

/** White space as Python sees it: unlike JavaScript's with the separators 1C-1F and 85, without the byte order mark. */
export const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const ALL_SPACE = new RegExp(`^[${SPACE}]+$`);

/** Digits that are no decimals: superscripts, circled ones and the like. */
const DIGIT =
  /^(?:\p{Nd}|[\xb2\xb3\xb9\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490\u24ea\u24f5-\u24fd\u24ff\u2776-\u277e\u2780-\u2788\u278a-\u2792\u1369-\u1371\u19da]|[\u{10a40}-\u{10a43}\u{10e60}-\u{10e68}\u{11052}-\u{1105a}\u{1f100}-\u{1f10a}])+$/u;
const IDENTIFIER = /^[\p{XID_Start}_]\p{XID_Continue}*$/u;

export const isDigit = (text: string) => DIGIT.test(text);
export const isSpace = (text: string) => ALL_SPACE.test(text);
export const isIdentifier = (text: string) => IDENTIFIER.test(text);

export const textKind = members<string>({
  isdigit: ['', isDigit],
  isdecimal: ['', (self) => /^\p{Nd}+$/u.test(self)],
  isnumeric: ['', (self) => self !== '' && (/^\p{N}+$/u.test(self) || isNumericIdeographs(self))],
  isalpha: ['', (self) => /^\p{L}+$/u.test(self)],
  isalnum: [
    '',
    (self) =>
      self !== '' && [...self].every((char) => /[\p{L}\p{Nd}]/u.test(char) || isDigit(char) || /\p{N}/u.test(char)),
  ],
  isspace: ['', isSpace],
  isascii: ['', (self) => !/[^\0-\x7f]/.test(self)],
  isidentifier: ['', isIdentifier],
  isprintable: ['', isPrintable],
});

function isNumericIdeographs(text: string): boolean {
  return /^[\p{N}〇一二三四五六七八九十百千万億兆]+$/u.test(text);
}
