import { positionAt, TemplateError } from '../error.js';

export type TokenKind =
  | 'data'
  | 'variable_begin'
  | 'variable_end'
  | 'block_begin'
  | 'block_end'
  | 'name'
  | 'string'
  | 'integer'
  | 'float'
  | 'operator'
  | 'eof';

/** A piece of a template. `text` is the name, operator or decoded string; `value` a number's value. */
export interface Token {
  kind: TokenKind;
  text: string;
  offset: number;
  value?: unknown;
}

export function syntaxError(template: string, offset: number, message: string): TemplateError {
  return new TemplateError('TemplateSyntaxError', message, template, positionAt(template, offset));
}

const NAMES: Partial<Record<TokenKind, string>> = {
  variable_begin: 'begin of print statement',
  variable_end: 'end of print statement',
  block_begin: 'begin of statement block',
  block_end: 'end of statement block',
  data: 'template data / text',
  eof: 'end of template',
};

/** A token, as an error message names it. */
export function describeToken(token: Token): string {
  return token.kind === 'name' || token.kind === 'operator' ? token.text : (NAMES[token.kind] ?? token.kind);
}
