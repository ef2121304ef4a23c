import { Failure } from '../error.js';
import type { Match } from './regex.js';

type Fill = (match: Match) => string;

const SIMPLE: Record<string, string> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\' };
const PIECE = /\\(?:g<([^>]*)>|(0[0-7]{0,2}|[1-3][0-7]{2}|[1-9][0-9]?)|([\s\S])|$)/gu;

/** A replacement for `re.sub`: `\1`, `\g<1>` and `\g<name>` stand for groups. */
export function parseReplacement(source: string, groups: number, names: ReadonlyMap<string, number>): Fill {
  const pieces: (string | number)[] = [];
  let from = 0;
  const reference = (text: string): number => {
    const index = /^\d+$/.test(text) ? Number(text) : names.get(text);
    if (index === undefined) throw new Failure('IndexError', `unknown group name '${text}'`);
    if (index > groups) throw new Failure('RegexError', `invalid group reference ${text}`);
    return index;
  };
  for (const found of source.matchAll(PIECE)) {
    const [whole, named, digits, char] = found;
    pieces.push(source.slice(from, found.index));
    from = found.index + whole.length;
    if (named !== undefined) pieces.push(reference(named));
    else if (digits !== undefined)
      pieces.push(isOctal(digits) ? String.fromCharCode(octal(digits)) : reference(digits));
    else if (char === undefined) throw new Failure('RegexError', 'bad escape (end of pattern)');
    else if (Object.hasOwn(SIMPLE, char)) pieces.push(SIMPLE[char] ?? '');
    else if (/[a-zA-Z]/.test(char)) throw new Failure('RegexError', `bad escape \\${char}`);
    else pieces.push(`\\${char}`);
  }
  pieces.push(source.slice(from));
  return (match) => pieces.map((piece) => (typeof piece === 'string' ? piece : (match.group(piece) ?? ''))).join('');
}

const isOctal = (digits: string) => digits.startsWith('0') || digits.length === 3;

function octal(digits: string): number {
  const code = Number.parseInt(digits, 8);
  if (code > 0o377) throw new Failure('RegexError', `octal escape value \\${digits} outside of range 0-0o377`);
  return code;
}
