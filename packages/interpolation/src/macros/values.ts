import { randomUUID } from 'node:crypto';
import { Failure, typeError } from '../error.js';
import { example } from '../filters/define.js';
import { quoteUrl } from '../filters/quote-url.js';
import { toArray } from '../operations/iterate.js';
import { ordered } from '../operations/ordering.js';
import { typeName } from '../operations/type-name.js';
import { Bytes } from '../values/bytes.js';
import { isText, plain } from '../values/markup.js';
import { Undefined } from '../values/undefined.js';
import type { Macro } from '../word.js';
import { macro } from './define.js';

function extreme([args]: unknown[], operator: '<' | '>', name: string): unknown {
  const given = args as unknown[];
  if (given.length === 0) throw typeError(`${name} expected at least 1 argument, got 0`);
  const items = given.length === 1 ? toArray(given[0]) : given;
  if (items.length === 0) throw new Failure('ValueError', `${name}() arg is an empty sequence`);
  return items.reduce((best, item) => (ordered(item, operator, best) ? item : best));
}

/** Text as a URL's query has it: spaces as `+`, slashes quoted. */
function sanitizeUrl([value]: unknown[]): string {
  if (value instanceof Bytes) return quoteUrl(Buffer.from(value.data).toString('latin1'), '');
  if (value instanceof Undefined) throw typeError('quote_from_bytes() expected bytes');
  if (!isText(value)) throw typeError(`quote_from_bytes() expected bytes, not ${typeName(value)}`);
  return quoteUrl(plain(value), '').replaceAll('%20', '+');
}

function snakeCase([value]: unknown[]): string {
  if (!isText(value)) throw typeError(`expected string or bytes-like object, got '${typeName(value)}'`);
  return plain(value)
    .replace(/(?!^)(?=[A-Z])/g, '_')
    .toLowerCase();
}

export const valueMacros: readonly Macro[] = [
  macro(
    'max',
    '*args',
    'The largest of several values, or of the elements of one.',
    [example('{{ max(2, 3) }}', 3), example('{{ max([1, 5]) }}', 5)],
    (args) => extreme(args, '>', 'max'),
  ),
  macro(
    'min',
    '*args',
    'The smallest of several values, or of the elements of one.',
    [example('{{ min(2, 3) }}', 2)],
    (args) => extreme(args, '<', 'min'),
  ),
  macro(
    'sanitize_url',
    'value',
    'The text quoted for a URL’s query.',
    [example("{{ sanitize_url('a b/c?d=é') }}", 'a+b%2Fc%3Fd%3D%C3%A9')],
    sanitizeUrl,
  ),
  macro(
    'camel_case_to_snake_case',
    'value',
    'Each capital in lower case, with an underscore before it.',
    [example("{{ camel_case_to_snake_case('CamelCase') }}", 'camel_case')],
    snakeCase,
  ),
  macro('generate_uuid', '', 'A random UUID (version 4).', [example('{{ generate_uuid() | length }}', 36)], () =>
    randomUUID(),
  ),
];
