import { Failure } from '../error.js';
import { CLASSES, negate } from './classes.js';
import type { CharTest, Flags } from './tree.js';

/** What the parser lends to the reading of escapes and sets. */
export interface Source {
  readonly codes: readonly number[];
  at: number;
  peek(offset?: number): string;
  take(): string;
}

export type Escape =
  | { kind: 'class'; test: CharTest }
  | { kind: 'code'; code: number }
  | { kind: 'reference'; index: number };

const SIMPLE: Record<string, number> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92 };
const HEX_DIGITS: Record<string, number> = { x: 2, u: 4, U: 8 };

const refuse = (message: string) => new Failure('RegexError', message);

/** What follows a backslash. Within a set, numbers are octal and `\b` is a backspace. */
export function parseEscape(source: Source, flags: Flags, inSet: boolean): Escape {
  const char = source.take();
  if (char === '') throw refuse('bad escape (end of pattern)');
  const lower = char.toLowerCase();
  const found = 'dws'.includes(lower) ? CLASSES[lower] : undefined;
  if (found) {
    const test = flags.ascii ? found.ascii : found.unicode;
    return { kind: 'class', test: char === lower ? test : negate(test) };
  }
  const digits = HEX_DIGITS[char];
  if (digits) return { kind: 'code', code: hex(source, digits, char) };
  if (/[0-9]/.test(char)) return numeric(source, char, inSet);
  const simple = SIMPLE[char];
  if (simple !== undefined && (inSet || char !== 'b')) return { kind: 'code', code: simple };
  if (/[a-zA-Z]/.test(char)) throw refuse(`bad escape \\${char}`);
  return { kind: 'code', code: char.codePointAt(0) ?? 0 };
}

function hex(source: Source, digits: number, letter: string): number {
  let text = '';
  while (text.length < digits && /^[0-9a-fA-F]$/.test(source.peek())) text += source.take();
  const code = Number.parseInt(text, 16);
  if (text.length !== digits || code > 0x10ffff) throw refuse(`incomplete escape \\${letter}${text}`);
  return code;
}

function numeric(source: Source, first: string, inSet: boolean): Escape {
  const octal = (text: string): Escape => {
    const code = Number.parseInt(text, 8);
    if (code > 0o377) throw refuse(`octal escape value \\${text} outside of range 0-0o377`);
    return { kind: 'code', code };
  };
  let text = first;
  if (first === '0' || inSet) {
    if (!/[0-7]/.test(first)) throw refuse(`bad escape \\${first}`);
    while (text.length < 3 && /^[0-7]$/.test(source.peek())) text += source.take();
    return octal(text);
  }
  if (/^[0-9]$/.test(source.peek())) {
    if (/[0-3]/.test(first) && /^[0-7]$/.test(source.peek()) && /^[0-7]$/.test(source.peek(1)))
      return octal(first + source.take() + source.take());
    text += source.take();
  }
  return { kind: 'reference', index: Number(text) };
}

/** A set, `[…]`; its opening bracket has been read. */
export function parseSet(source: Source, flags: Flags, fold: (test: CharTest) => CharTest): CharTest {
  const inverted = source.peek() === '^';
  if (inverted) source.at++;
  const singles = new Set<number>();
  const tests: CharTest[] = [];
  for (let first = true; first || source.peek() !== ']'; first = false) {
    if (source.at >= source.codes.length) throw refuse('unterminated character set');
    const low = member(source, flags);
    if (source.peek() !== '-' || source.peek(1) === ']' || source.peek(1) === '') {
      add(low, singles, tests);
      continue;
    }
    source.at++;
    const high = member(source, flags);
    if (low.kind !== 'code' || high.kind !== 'code') throw refuse('bad character range');
    if (high.code < low.code) throw refuse('bad character range');
    const [from, to] = [low.code, high.code];
    tests.push((code) => code >= from && code <= to);
  }
  source.at++;
  const test: CharTest = (code) => singles.has(code) || tests.some((part) => part(code));
  return inverted ? negate(fold(test)) : fold(test);
}

function member(source: Source, flags: Flags): Escape {
  const char = source.take();
  return char === '\\' ? parseEscape(source, flags, true) : { kind: 'code', code: char.codePointAt(0) ?? 0 };
}

function add(item: Escape, singles: Set<number>, tests: CharTest[]): void {
  if (item.kind === 'class') tests.push(item.test);
  else if (item.kind === 'code') singles.add(item.code);
}
