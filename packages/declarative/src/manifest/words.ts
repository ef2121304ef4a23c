import type { Json } from '@tidemark/protocol';
import { isObject } from './tree.js';

const LIST_MAX = 14;
const TEXT_MAX = 60;

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  object: 'a mapping',
  array: 'a list',
  null: 'empty',
};

/** What a JSON type is called in a message. */
export function kindOf(type: string): string {
  return KINDS[type] ?? type;
}

/** What was met, in a few words: `the text 'x'`, `a list`. */
export function describe(value: Json | undefined): string {
  if (value === undefined || value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return typeof value.type === 'string' ? `a ${shorten(value.type)}` : 'a mapping';
  if (typeof value === 'string') return `the text '${shorten(value)}'`;
  return typeof value === 'boolean' ? String(value) : `the number ${String(value)}`;
}

/** Texts of any length on one line of bounded length. */
export function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > TEXT_MAX ? `${line.slice(0, TEXT_MAX - 1)}…` : line;
}

/** `a, b, c`, cut after some. */
export function list(items: Iterable<unknown>): string {
  return some(items).join(', ');
}

/** `a, b or c`. */
export function either(items: Iterable<unknown>): string {
  const shown = some(items);
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`;
}

function some(items: Iterable<unknown>): string[] {
  const shown: string[] = [];
  for (const item of items) {
    if (shown.length === LIST_MAX) return [...shown, '…'];
    shown.push(String(item));
  }
  return shown;
}
