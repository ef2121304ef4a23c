import type { KeySpace } from '../cutting/key-space.js';
import { NUMBERS } from '../cutting/number-space.js';

const FIRST = 1901;
const LAST = 2155;

/** Whether a column has years of four digits. */
export function isYear({ type }: { readonly type: string }): boolean {
  return /^year(?:\(4\))?$/.test(type);
}

/**
 * A year as a literal that is compared as itself: `'0000'` or one of 1901 to 2155, with four digits and in quotes. The servers take
 * 1 to 99 for years of two digits, and do not agree on where 100 to 1900 lie. Undefined for what is no year.
 */
export function yearLiteral(text: string): string | undefined {
  const year = Number(text);
  if (year !== 0 && !(Number.isInteger(year) && year >= FIRST && year <= LAST)) return undefined;
  return `'${String(year).padStart(4, '0')}'`;
}

/** The literal of the least year that is at most `amount` below that of a literal. */
export function yearBelow(literal: string, amount: number): string {
  const least = Math.ceil(Number(literal.slice(1, -1)) - amount);
  return yearLiteral(String(least <= 0 ? 0 : Math.max(FIRST, least)))!;
}

/** Years in their order: 1901 comes behind 0000. */
export const YEARS: KeySpace = {
  at(lo, hi, share) {
    const place = NUMBERS.at(placeOf(lo), placeOf(hi), share);
    return place === undefined ? undefined : yearAt(place);
  },
  steps: (lo, hi, pieces) => NUMBERS.steps!(placeOf(lo), placeOf(hi), pieces).map(yearAt),
};

function placeOf(year: string): string {
  return Number(year) === 0 ? '0' : String(Number(year) - FIRST + 1);
}

function yearAt(place: string): string {
  return place === '0' ? '0000' : String(Number(place) + FIRST - 1);
}
