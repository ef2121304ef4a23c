import { describeToken, syntaxError, type Token, type TokenKind } from './token.js';

/** The tokens of a template, read one after another. */
export class TokenStream {
  private index = 0;

  constructor(
    readonly template: string,
    private readonly tokens: readonly Token[],
  ) {}

  get current(): Token {
    return this.tokens[this.index] as Token;
  }

  look(): Token {
    return this.tokens[Math.min(this.index + 1, this.tokens.length - 1)] as Token;
  }

  next(): Token {
    const token = this.current;
    if (this.index < this.tokens.length - 1) this.index++;
    return token;
  }

  is(kind: TokenKind, text?: string): boolean {
    const token = this.current;
    return token.kind === kind && (text === undefined || token.text === text);
  }

  isOperator(...texts: string[]): boolean {
    return this.current.kind === 'operator' && texts.includes(this.current.text);
  }

  isName(...texts: string[]): boolean {
    return this.current.kind === 'name' && texts.includes(this.current.text);
  }

  skip(kind: TokenKind, text?: string): boolean {
    if (!this.is(kind, text)) return false;
    this.next();
    return true;
  }

  expect(kind: TokenKind, text?: string): Token {
    if (this.is(kind, text)) return this.next();
    const expected = text ?? describeToken({ kind, text: kind, offset: 0 });
    if (this.current.kind === 'eof') this.fail(`unexpected end of template, expected '${expected}'`);
    this.fail(`expected token '${expected}', got '${describeToken(this.current)}'`);
  }

  fail(message: string, offset = this.current.offset): never {
    throw syntaxError(this.template, offset, message);
  }
}
