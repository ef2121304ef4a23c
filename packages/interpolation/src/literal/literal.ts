import { unescapeText } from '../syntax/unescape.js';
import { Bytes } from '../values/bytes.js';
import { Dict } from '../values/dict.js';
import { float, int } from '../values/float.js';
import { PySet } from '../values/set.js';
import { Tuple } from '../values/tuple.js';

/** What is no literal. */
export const NO_LITERAL: unique symbol = Symbol('no literal');

const QUICK_INT = /^-?(?:0|[1-9]\d{0,14})$/;
const DEPTH_MAX = 200;

/** Beginnings that leave no doubt, by the first character's code: 1 may be a literal, 2 and up need a second look. */
const BEGINNINGS = new Uint8Array(128);
for (const char of ' \t\f\n\r\\#-+.([{\'"') BEGINNINGS[char.charCodeAt(0)] = 1;
for (const char of '0123456789') BEGINNINGS[char.charCodeAt(0)] = 2;
for (const char of 'TFNs') BEGINNINGS[char.charCodeAt(0)] = 3;
for (const char of 'bBrRuU') BEGINNINGS[char.charCodeAt(0)] = 4;
/** Digits with one of these after them are dates, times or fractions: arithmetic at best, which is no literal. */
const DATE_LIKE = /^\d+[-:/]/;
const WORD_LIKE = /^(?:True|False|None|set)(?![\p{XID_Continue}])/u;
const QUOTED = /^[bBrRuU]{1,2}['"]/;

/** Whether a text may be a literal. Nearly all text is told apart by its first character. */
function mayBeLiteral(text: string): boolean {
  const kind = BEGINNINGS[text.charCodeAt(0)];
  if (!kind) return false;
  if (kind === 1) return true;
  if (kind === 2) return !DATE_LIKE.test(text);
  return kind === 3 ? WORD_LIKE.test(text) : QUOTED.test(text);
}

/**
 * The value of a Python literal, by the rules of `ast.literal_eval`: text, bytes, numbers with a sign, tuples, lists,
 * dicts, sets, booleans, None. Anything else (and complex numbers) gives `NO_LITERAL`, and the text stays text.
 */
export function parseLiteral(text: string): unknown {
  if (!mayBeLiteral(text)) return NO_LITERAL;
  if (QUICK_INT.test(text)) return Number(text) || 0;
  try {
    return new LiteralParser(text.replace(/^[ \t]+/, '')).parse();
  } catch (error) {
    if (error === REFUSED) return NO_LITERAL;
    throw error;
  }
}

const REFUSED = new Error('no literal');

const NUMBER =
  /0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d+(?:_\d+)*\.(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][-+]?\d+(?:_\d+)*)?|\d+(?:_\d+)*[eE][-+]?\d+(?:_\d+)*|\d+(?:_\d+)*/y;
const TEXT = /([rRuUbB]{0,2})("""|'''|"|')/y;
const WORD = /[\p{XID_Start}_]\p{XID_Continue}*/uy;
/** White space between tokens: line ends too within brackets. */
const INNER_SPACE = /(?:[ \t\f\n\r]|\\\r?\n|#[^\n\r]*)*/y;
const OUTER_SPACE = /(?:[ \t\f]|\\\r?\n)*/y;
const LINES = /(?:[ \t\f]*(?:#[^\n\r]*)?(?:\r\n|\n|\r))*/y;

class LiteralParser {
  private at = 0;
  private depth = 0;

  constructor(private readonly text: string) {}

  parse(): unknown {
    if (this.text.includes('\0')) throw REFUSED;
    this.take(LINES);
    const indent = this.at;
    this.take(/\f*/y);
    if (indent > 0 && /^[ \t]/.test(this.text.slice(this.at))) throw REFUSED;
    const value = this.tuple();
    this.space();
    if (this.text[this.at - 1] === '\n' && this.at === this.text.length) throw REFUSED;
    this.take(/#[^\n\r]*/y);
    this.take(LINES);
    // What follows the last line end must not be white space alone: Python sees an indentation.
    this.take(/[ \t\f]*#[^\n\r]*/y);
    if (this.at < this.text.length) throw REFUSED;
    return value;
  }

  private take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) return undefined;
    this.at += found[0].length;
    return found;
  }

  private space(): void {
    this.take(this.depth > 0 ? INNER_SPACE : OUTER_SPACE);
  }

  private skip(char: string): boolean {
    this.space();
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  private expect(char: string): void {
    if (!this.skip(char)) throw REFUSED;
  }

  /** Values with commas between, without brackets. */
  private tuple(): unknown {
    const first = this.value();
    if (!this.skip(',')) return first;
    const items = [first];
    while (!this.atEnd()) {
      items.push(this.value());
      if (!this.skip(',')) break;
    }
    return new Tuple(items);
  }

  private atEnd(): boolean {
    this.space();
    return this.at >= this.text.length || /[\n\r#)]/.test(this.text[this.at] ?? '');
  }

  private value(): unknown {
    this.space();
    const char = this.text[this.at] ?? '';
    if (/[0-9.]/.test(char)) return this.number();
    if (char === '-' || char === '+') return this.signed();
    if (char === '(') return this.parenthesis();
    if (char === '[') return this.list();
    if (char === '{') return this.braces();
    return this.strings() ?? this.word();
  }

  private nested<Result>(parse: () => Result): Result {
    if (++this.depth > DEPTH_MAX) throw REFUSED;
    this.at++;
    const result = parse();
    this.depth--;
    return result;
  }

  private number(): unknown {
    const found = this.take(NUMBER)?.[0];
    // A number must not run into a name (`1if`, `2024T`), and complex ones are refused.
    if (found === undefined || /[\p{XID_Continue}.]/u.test(this.text[this.at] ?? '')) throw REFUSED;
    const plain = found.replaceAll('_', '');
    if (/^0[xXoObB]/.test(plain)) return int(BigInt(plain.toLowerCase()));
    if (/[.eE]/.test(plain)) return float(Number(plain));
    if (/^0+[1-9]/.test(plain) || plain.length > 4300) throw REFUSED;
    return int(BigInt(plain));
  }

  private signed(): unknown {
    const minus = this.text[this.at++] === '-';
    this.space();
    const parenthesised = this.text[this.at] === '(';
    // One sign is a number's; a second one would be arithmetic.
    if (parenthesised && /^[(\s]*[-+]/.test(this.text.slice(this.at))) throw REFUSED;
    const value = parenthesised ? this.parenthesis() : this.number();
    if (typeof value !== 'number' && typeof value !== 'bigint' && !isFloatObject(value)) throw REFUSED;
    if (!minus) return value;
    if (typeof value === 'bigint') return int(-value);
    if (typeof value === 'number') return value === 0 ? 0 : -value;
    return float(-value.value);
  }

  private parenthesis(): unknown {
    const value = this.nested(() => {
      if (this.skip(')')) return new Tuple([]);
      const inner = this.tuple();
      this.expect(')');
      return inner;
    });
    return value;
  }

  private list(): unknown[] {
    return this.nested(() => {
      const items: unknown[] = [];
      while (!this.skip(']')) {
        items.push(this.value());
        if (!this.skip(',')) {
          this.expect(']');
          break;
        }
      }
      return items;
    });
  }

  private braces(): unknown {
    return this.nested(() => {
      const dict = new Dict();
      if (this.skip('}')) return dict;
      const first = this.value();
      if (!this.skip(':')) return this.set(first);
      this.put(dict, first, this.value());
      while (this.skip(',')) {
        this.space();
        if (this.text[this.at] === '}') break;
        const key = this.value();
        this.expect(':');
        this.put(dict, key, this.value());
      }
      this.expect('}');
      return dict;
    });
  }

  private put(dict: Dict, key: unknown, value: unknown): void {
    try {
      dict.set(key, value);
    } catch {
      throw REFUSED;
    }
  }

  private set(first: unknown): PySet {
    const items = [first];
    while (this.skip(',')) {
      this.space();
      if (this.text[this.at] === '}') break;
      items.push(this.value());
    }
    this.expect('}');
    try {
      return new PySet(items);
    } catch {
      throw REFUSED;
    }
  }

  /** Adjacent texts are one. */
  private strings(): unknown {
    let out: string | undefined;
    let bytes: boolean | undefined;
    for (;;) {
      const before = this.at;
      this.space();
      const open = this.take(TEXT);
      if (!open) {
        this.at = before;
        break;
      }
      const prefix = (open[1] ?? '').toLowerCase();
      if (!['', 'r', 'u', 'b', 'rb', 'br'].includes(prefix)) throw REFUSED;
      const isBytes = prefix.includes('b');
      if (bytes !== undefined && bytes !== isBytes) throw REFUSED;
      bytes = isBytes;
      out = (out ?? '') + this.body(open[2] ?? '', prefix.includes('r'), isBytes);
    }
    if (out === undefined) return undefined;
    return bytes ? new Bytes(Buffer.from(out, 'latin1')) : out;
  }

  private body(quote: string, raw: boolean, isBytes: boolean): string {
    const start = this.at;
    for (;;) {
      const char = this.text[this.at];
      if (char === undefined || (quote.length === 1 && (char === '\n' || char === '\r'))) throw REFUSED;
      if (char === '\\') {
        if (this.text.startsWith('\r\n', this.at + 1)) this.at++;
        this.at += 2;
      } else if (this.text.startsWith(quote, this.at)) break;
      else this.at++;
    }
    if (this.at > this.text.length) throw REFUSED;
    const source = this.text.slice(start, this.at).replace(/\r\n|\r/g, '\n');
    this.at += quote.length;
    if (isBytes && /[^\0-\x7f]/.test(source)) throw REFUSED;
    const value = raw ? source : unescapeText(source);
    if (value === undefined) throw REFUSED;
    return value;
  }

  private word(): unknown {
    const word = this.take(WORD)?.[0];
    if (word === 'True') return true;
    if (word === 'False') return false;
    if (word === 'None') return null;
    if (word !== 'set') throw REFUSED;
    this.expect('(');
    this.expect(')');
    return new PySet();
  }
}

function isFloatObject(value: unknown): value is { value: number } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'float';
}
