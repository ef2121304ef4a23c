import { members } from './member.js';

/** Letters whose title case is neither their upper nor their lower case. */
const DIGRAPHS: Record<string, string> = {
  Ǆ: 'ǅ',
  ǅ: 'ǅ',
  ǆ: 'ǅ',
  Ǉ: 'ǈ',
  ǈ: 'ǈ',
  ǉ: 'ǈ',
  Ǌ: 'ǋ',
  ǋ: 'ǋ',
  ǌ: 'ǋ',
  Ǳ: 'ǲ',
  ǲ: 'ǲ',
  ǳ: 'ǲ',
};
const CASED = /\p{Uppercase}|\p{Lowercase}|\p{Lt}/u;

/** The title case of a character: `ß` becomes `Ss`. */
export function titleCharacter(char: string): string {
  const digraph = DIGRAPHS[char];
  if (digraph) return digraph;
  const [first = '', ...rest] = char.toUpperCase();
  return first + rest.join('').toLowerCase();
}

export function capitalize(text: string): string {
  const [first = '', ...rest] = text;
  return titleCharacter(first) + rest.join('').toLowerCase();
}

const capitalizeAscii = (word: string) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();

/** Each letter after a non-letter in title case, all others in lower case. */
function title(text: string): string {
  if (!/[^\0-\x7f]/.test(text)) return text.replace(/[a-zA-Z]+/g, capitalizeAscii);
  let out = '';
  let inside = false;
  for (const char of text) {
    out += inside ? char.toLowerCase() : titleCharacter(char);
    inside = CASED.test(char);
  }
  return out;
}

function swapCase(text: string): string {
  let out = '';
  for (const char of text)
    out += /\p{Uppercase}/u.test(char) ? char.toLowerCase() : /\p{Lowercase}/u.test(char) ? char.toUpperCase() : char;
  return out;
}

export const isLower = (text: string) => /\p{Lowercase}/u.test(text) && !/\p{Uppercase}|\p{Lt}/u.test(text);
export const isUpper = (text: string) => /\p{Uppercase}/u.test(text) && !/\p{Lowercase}|\p{Lt}/u.test(text);

function isTitle(text: string): boolean {
  let inside = false;
  let any = false;
  for (const char of text) {
    if (/\p{Uppercase}|\p{Lt}/u.test(char)) {
      if (inside) return false;
      inside = any = true;
    } else if (/\p{Lowercase}/u.test(char)) {
      if (!inside) return false;
      any = true;
    } else inside = false;
  }
  return any;
}

/** Case folding: lower case, and what has none but folds all the same. */
function caseFold(text: string): string {
  let out = '';
  for (const char of text)
    out +=
      char === 'ẞ' || char === 'ß'
        ? 'ss'
        : char === 'ς'
          ? 'σ'
          : /\p{Changes_When_Casefolded}/u.test(char)
            ? foldOne(char)
            : char;
  return out;
}

function foldOne(char: string): string {
  const lower = char.toLowerCase();
  return lower === char ? char.toUpperCase().toLowerCase() : lower;
}

export const textCase = members<string>({
  upper: ['', (self) => self.toUpperCase()],
  lower: ['', (self) => self.toLowerCase()],
  capitalize: ['', capitalize],
  title: ['', title],
  swapcase: ['', swapCase],
  casefold: ['', caseFold],
  islower: ['', isLower],
  isupper: ['', isUpper],
  istitle: ['', isTitle],
});
