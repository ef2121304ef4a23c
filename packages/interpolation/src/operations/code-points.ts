import { spend } from '../budget.js';

/**
 * Python counts text in code points, JavaScript in UTF-16 units. They differ only where there are surrogates, which one
 * scan tells; all text without them takes the short way.
 */
const SURROGATE = /[\ud800-\udfff]/;

export function hasSurrogates(text: string): boolean {
  return SURROGATE.test(text);
}

export function codePointLength(text: string): number {
  if (!SURROGATE.test(text)) return text.length;
  spend(text.length);
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** The characters from one index to another, counted in code points. Both must be within the text. */
export function codePointSlice(text: string, start: number, end: number): string {
  if (!SURROGATE.test(text)) return text.slice(start, end);
  spend(text.length);
  return Array.from(text).slice(start, end).join('');
}

/** The code point's index of a UTF-16 index. */
export function codePointIndex(text: string, unit: number): number {
  return unit <= 0 ? unit : codePointLength(text.slice(0, unit));
}

/** Orders text by code points, as Python does; by UTF-16 units an astral character would sort before U+E000. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  if (!SURROGATE.test(left) && !SURROGATE.test(right)) return left < right ? -1 : 1;
  const a = Array.from(left);
  const b = Array.from(right);
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = (a[i]?.codePointAt(0) ?? 0) - (b[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
