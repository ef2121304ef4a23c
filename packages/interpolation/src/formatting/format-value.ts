import { compileDirectives } from '../datetime/directives.js';
import { Failure, typeError } from '../error.js';
import { codePointSlice } from '../operations/code-points.js';
import { text } from '../operations/text.js';
import { typeName } from '../operations/type-name.js';
import { PyDate } from '../values/date.js';
import { isNumber } from '../values/float.js';
import { isText, plain } from '../values/markup.js';
import { Time } from '../values/time.js';
import { Undefined } from '../values/undefined.js';
import { parseFormatSpec } from './format-spec.js';
import { formatNumber, padText } from './number-format.js';

/** Python's `format(value, spec)`. */
export function formatValue(value: unknown, spec: string): string {
  if (spec === '') return text(value);
  if (isText(value)) return formatText(plain(value), spec);
  if (isNumber(value)) return formatNumber(value, parseFormatSpec(spec));
  if (value instanceof PyDate || value instanceof Time) return compileDirectives(spec)(value);
  if (value instanceof Undefined) return formatPlainObject(value);
  return formatPlainObject(value);
}

function formatPlainObject(value: unknown): never {
  throw typeError(`unsupported format string passed to ${typeName(value)}.__format__`);
}

function formatText(value: string, specText: string): string {
  const spec = parseFormatSpec(specText);
  const refuse = (message: string) => new Failure('ValueError', message);
  if (spec.type !== '' && spec.type !== 's')
    throw refuse(`Unknown format code '${spec.type}' for object of type 'str'`);
  if (spec.sign) throw refuse('Sign not allowed in string format specifier');
  if (spec.alternate) throw refuse('Alternate form (#) not allowed in string format specifier');
  if (spec.noNegativeZero) throw refuse('Negative zero coercion (z) not allowed in string format specifier');
  if (spec.grouping) throw refuse(`Cannot specify '${spec.grouping}' with 's'.`);
  if (spec.align === '=') {
    // `{:05}` of text fills with zeros on the right; only an explicit `=` is refused.
    if (/^.?=/.test(specText)) throw refuse("'=' alignment not allowed in string format specifier");
    spec.align = '';
  }
  const cut = spec.precision === undefined ? value : codePointSlice(value, 0, spec.precision);
  return padText(cut, spec, '<');
}
