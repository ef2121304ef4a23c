import { isIdentifier, SPACE } from '../methods/text-kind.js';
import { float, int } from '../values/float.js';
import { syntaxError, type Token, type TokenKind } from './token.js';
import { unescapeText } from './unescape.js';

const OPEN = /\{([%{#])/g;
const WHITE = new RegExp(`[${SPACE}]+`, 'y');
const TRAILING_WHITE = new RegExp(`[${SPACE}]+$`);
const RAW_BEGIN = new RegExp(`\\{%[-+]?[${SPACE}]*raw[${SPACE}]*(?:-%\\}[${SPACE}]*|%\\})`, 'y');
const RAW_END = new RegExp(`\\{%([-+]?)[${SPACE}]*endraw[${SPACE}]*(?:\\+%\\}|-%\\}[${SPACE}]*|%\\})`, 'g');
const COMMENT_END = new RegExp(`\\+#\\}|-#\\}[${SPACE}]*|#\\}`, 'g');
const BLOCK_END = new RegExp(`\\+%\\}|-%\\}[${SPACE}]*|%\\}`, 'y');
const VARIABLE_END = new RegExp(`-\\}\\}[${SPACE}]*|\\}\\}`, 'y');
const FLOAT = /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy;
const INTEGER = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const NAME = /[\p{XID_Continue}\p{N}]+/uy;
const STRING = /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y;
const OPERATOR = /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}><=.:|,;]/y;
const CLOSING: Record<string, string> = { '{': '}', '(': ')', '[': ']' };
const NEWLINE = /\r\n|\r/g;

/** Cuts a template into tokens. Throws a `TemplateError` of kind TemplateSyntaxError at the offset in question. */
export function tokenize(template: string): Token[] {
  return new Lexer(template).run();
}

class Lexer {
  private readonly tokens: Token[] = [];
  private readonly template: string;
  private readonly end: number;
  private at = 0;

  constructor(template: string) {
    // One line end at the very end of a template does not count.
    this.template = template.replace(/(?:\r\n|\r|\n)$/, '');
    this.end = this.template.length;
  }

  run(): Token[] {
    while (this.at < this.end) this.root();
    this.push('eof', '', this.end);
    return this.tokens;
  }

  private push(kind: TokenKind, text: string, offset: number, value?: unknown): void {
    this.tokens.push({ kind, text, offset, value });
  }

  private fail(offset: number, message: string): never {
    throw syntaxError(this.template, offset, message);
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    return pattern.exec(this.template)?.[0];
  }

  private data(from: number, to: number, strip: boolean): void {
    const raw = this.template.slice(from, to);
    const text = (strip ? raw.replace(TRAILING_WHITE, '') : raw).replace(NEWLINE, '\n');
    if (text !== '') this.push('data', text, from);
  }

  /** Text up to the next tag, and the tag. */
  private root(): void {
    const start = this.at;
    OPEN.lastIndex = start;
    const open = OPEN.exec(this.template);
    if (!open) {
      this.data(start, this.end, false);
      this.at = this.end;
      return;
    }
    const sign = this.template[open.index + 2];
    this.data(start, open.index, sign === '-');
    this.at = open.index;
    const raw = open[1] === '%' ? this.match(RAW_BEGIN) : undefined;
    if (raw !== undefined) {
      this.at += raw.length;
      this.raw(open.index);
      return;
    }
    this.at += sign === '-' || sign === '+' ? 3 : 2;
    if (open[1] === '#') this.comment(open.index);
    else if (open[1] === '{') this.tag('variable_begin', 'variable_end', VARIABLE_END, open.index);
    else this.tag('block_begin', 'block_end', BLOCK_END, open.index);
  }

  private comment(start: number): void {
    COMMENT_END.lastIndex = this.at;
    const found = COMMENT_END.exec(this.template);
    if (!found) this.fail(start, 'Missing end of comment tag');
    this.at = found.index + found[0].length;
  }

  private raw(start: number): void {
    RAW_END.lastIndex = this.at;
    const found = RAW_END.exec(this.template);
    if (!found) this.fail(start, 'Missing end of raw directive');
    this.data(this.at, found.index, found[1] === '-');
    this.at = found.index + found[0].length;
  }

  /** The tokens within `{{ }}` or `{% %}`. An end within brackets is no end. */
  private tag(begin: TokenKind, endKind: TokenKind, endPattern: RegExp, start: number): void {
    this.push(begin, '', start);
    const open: string[] = [];
    while (this.at < this.end) {
      if (open.length === 0) {
        const end = this.match(endPattern);
        if (end !== undefined) {
          this.push(endKind, '', this.at);
          this.at += end.length;
          return;
        }
      }
      this.expressionToken(open);
    }
  }

  private expressionToken(open: string[]): void {
    const start = this.at;
    const white = this.match(WHITE);
    if (white !== undefined) {
      this.at += white.length;
      return;
    }
    const token =
      this.numberToken(start) ?? this.nameToken(start) ?? this.stringToken(start) ?? this.operatorToken(start, open);
    if (token === undefined)
      this.fail(start, `unexpected char '${String.fromCodePoint(this.template.codePointAt(start) ?? 0)}'`);
    this.at += token;
  }

  private numberToken(start: number): number | undefined {
    const fraction = this.match(FLOAT);
    if (fraction !== undefined) {
      this.push('float', fraction, start, float(Number(fraction.replaceAll('_', ''))));
      return fraction.length;
    }
    const whole = this.match(INTEGER);
    if (whole === undefined) return undefined;
    if (whole.length > 4300) this.fail(start, 'Exceeds the limit (4300 digits) for integer string conversion');
    this.push('integer', whole, start, int(BigInt(whole.replaceAll('_', '').toLowerCase())));
    return whole.length;
  }

  private nameToken(start: number): number | undefined {
    const name = this.match(NAME);
    if (name === undefined) return undefined;
    if (!isIdentifier(name)) this.fail(start, 'Invalid character in identifier');
    this.push('name', name, start);
    return name.length;
  }

  private stringToken(start: number): number | undefined {
    const source = this.match(STRING);
    if (source === undefined) return undefined;
    const text = unescapeText(source.slice(1, -1).replace(NEWLINE, '\n'));
    if (text === undefined) this.fail(start, 'invalid escape in a string');
    this.push('string', text, start);
    return source.length;
  }

  private operatorToken(start: number, open: string[]): number | undefined {
    const operator = this.match(OPERATOR);
    if (operator === undefined) return undefined;
    const closing = CLOSING[operator];
    if (closing) open.push(closing);
    else if (operator === '}' || operator === ')' || operator === ']') {
      const expected = open.pop();
      if (expected === undefined) this.fail(start, `unexpected '${operator}'`);
      if (expected !== operator) this.fail(start, `unexpected '${operator}', expected '${expected}'`);
    }
    this.push('operator', operator, start);
    return operator.length;
  }
}
