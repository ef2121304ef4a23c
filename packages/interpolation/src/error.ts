/**
 * Names of the failures that a template can meet. They are Python's and Jinja's own, because the rules hang on them.
 */
export type FailureKind =
  | 'TypeError'
  | 'ValueError'
  | 'UndefinedError'
  | 'SecurityError'
  | 'KeyError'
  | 'IndexError'
  | 'AttributeError'
  | 'AttributeRebindError'
  | 'OverflowError'
  | 'ZeroDivisionError'
  | 'RuntimeError'
  | 'RecursionError'
  | 'AssertionError'
  | 'LookupError'
  | 'UnicodeError'
  | 'StopIteration'
  | 'TemplateRuntimeError'
  | 'TemplateSyntaxError'
  | 'FilterArgumentError'
  | 'RegexError'
  | 'UnknownTimeZoneError'
  | 'ISO8601Error'
  | 'UndeclaredVariables'
  | 'UnsupportedVariable'
  | 'BudgetError';

/**
 * A failure inside a running template. It is no `Error`: a missing field is met once per record, and taking a stack
 * trace each time would cost more than the template does. It never leaves the package: `TemplateError` does.
 */
export class Failure {
  constructor(
    readonly kind: FailureKind,
    readonly message: string,
  ) {}
}

/** Where in the template's text something is: `offset` counts UTF-16 units from 0, `line` and `column` from 1. */
export interface Position {
  offset: number;
  line: number;
  column: number;
}

/** What every function of this package throws. `kind` is the name of the failure, `template` the text it was met in. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  constructor(
    readonly kind: FailureKind,
    message: string,
    readonly template?: string,
    readonly position?: Position,
  ) {
    super(message);
  }
}

/** The position of an offset within a text. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { offset, line, column: offset - (before.lastIndexOf('\n') + 1) + 1 };
}

export const typeError = (message: string) => new Failure('TypeError', message);
export const valueError = (message: string) => new Failure('ValueError', message);
