import { typeError } from '../error.js';
import { typeName } from '../operations/type-name.js';
import { compileRegex } from '../regex/regex.js';
import { isText, plain } from '../values/markup.js';
import type { Filter } from '../word.js';
import { example, filter } from './define.js';

function subject(value: unknown): string {
  if (!isText(value)) throw typeError(`expected string or bytes-like object, got '${typeName(value)}'`);
  return plain(value);
}

function pattern(value: unknown): string {
  if (!isText(value)) throw typeError('first argument must be string or compiled pattern');
  return plain(value);
}

function search([value, regex]: unknown[]): unknown {
  const compiled = compileRegex(pattern(regex));
  const found = compiled.search(subject(value));
  if (!found || compiled.groups === 0) return '';
  return found.group(1) ?? null;
}

function replace([value, regex, replacement]: unknown[]): string {
  const compiled = compileRegex(pattern(regex));
  if (!isText(replacement))
    throw typeError(`decoding to str: need a bytes-like object, ${typeName(replacement)} found`);
  return compiled.replace(subject(value), plain(replacement));
}

export const regexFilters: readonly Filter[] = [
  filter(
    'regex_search',
    'value, regex',
    'What the first group of a regular expression (Python’s dialect) matches; empty when nothing does.',
    [example("{{ 'id=42;' | regex_search('id=([0-9]+)') }}", 42)],
    search,
  ),
  filter(
    'regex_replace',
    'value, regex, replacement',
    'Every match of a regular expression replaced; `\\1` and `\\g<name>` are groups.',
    [example("{{ 'a1b22' | regex_replace('[0-9]+', '#') }}", 'a#b#')],
    replace,
  ),
];
