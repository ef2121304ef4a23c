import type { CopiedRows } from './copy-out.js';
import { lastTexts, tailTexts } from './copy-texts.js';
import type { CursorMark } from './cursor-mark.js';

/** More rows of one value than this are not remembered by their keys: they come again. */
export const KEYS_MAX = 1_000;

/** The fields after a row's own: its cursor, and its key. */
export interface TailFacts {
  /** How many they are. */
  readonly width: number;
  /** The others than the first are a key. */
  readonly hasKey: boolean;
  /** One text for all that are the same value to the server. */
  readonly form: (text: string) => string;
}

/** The mark after a page of rows that are higher: its last value, and the keys of the rows that have it. */
export function advanced(before: CursorMark, copied: CopiedRows, { width, hasKey, form }: TailFacts): CursorMark {
  if (copied.rows === 0) return before;
  const tail = tailTexts(copied, width, KEYS_MAX + 1, form);
  const value = tail?.[0]?.[0] ?? lastTexts(copied, width)[0] ?? null;
  if (!hasKey || !tail || value === null) return { ...before, value, keys: null };
  const isSame = before.value !== null && form(before.value) === form(value);
  return { ...before, value, keys: joined(isSame ? before.keys : [], tail) };
}

/** The mark with the keys of those rows of a page that have its value. */
export function withKeys(mark: CursorMark, copied: CopiedRows, { width, hasKey, form }: TailFacts): CursorMark {
  const { value, keys } = mark;
  if (!hasKey || copied.rows === 0 || value === null) return mark;
  const last = lastTexts(copied, width)[0] ?? null;
  if (last === null || form(last) !== form(value)) return mark;
  return { ...mark, keys: joined(keys, tailTexts(copied, width, KEYS_MAX + 1, form)) };
}

/** A row that was written again is among both. */
function joined(keys: CursorMark['keys'], tail: (string | null)[][] | undefined): CursorMark['keys'] {
  if (keys === null || !tail) return null;
  const all = new Map(
    [...keys, ...tail.map((texts) => texts.slice(1) as string[])].map((key) => [JSON.stringify(key), key]),
  );
  return all.size <= KEYS_MAX ? [...all.values()] : null;
}
