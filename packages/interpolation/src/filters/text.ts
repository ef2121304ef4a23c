import { spendSize } from '../budget.js';
import { Failure } from '../error.js';
import { formatPercent } from '../formatting/percent.js';
import { intArgument } from '../methods/arguments.js';
import { capitalize } from '../methods/text-case.js';
import { SPACE } from '../methods/text-kind.js';
import { pad } from '../methods/text-pad.js';
import { replaceText } from '../methods/text-search.js';
import { splitLines, strip } from '../methods/text-split.js';
import { add, arithmetic } from '../operations/arithmetic.js';
import { slice } from '../operations/item.js';
import { length } from '../operations/length.js';
import { ordered } from '../operations/ordering.js';
import { asMarkup } from '../operations/sequence-arithmetic.js';
import { text } from '../operations/text.js';
import { truth } from '../operations/truth.js';
import { typeName } from '../operations/type-name.js';
import type { Keywords } from '../values/callable.js';
import { Dict } from '../values/dict.js';
import { isText, Markup, plain } from '../values/markup.js';
import { Tuple } from '../values/tuple.js';
import type { Filter } from '../word.js';
import { example, filter } from './define.js';

/** Text of any value; markup stays markup. */
const soft = (value: unknown) => (isText(value) ? value : text(value));
/** Changes text and keeps its being markup. */
const mapText = (value: unknown, change: (text: string) => string) => {
  const source = soft(value);
  return typeof source === 'string' ? change(source) : new Markup(change(source.markup));
};

const WORD_START = new RegExp(`([-${SPACE}({\\[<]+)`);
const WORD = /[\p{L}\p{N}_]+/gu;

function title(source: string): string {
  return source
    .split(WORD_START)
    .filter(Boolean)
    .map((part) => {
      const end = (part.codePointAt(0) ?? 0) > 0xffff ? 2 : 1;
      return part.slice(0, end).toUpperCase() + part.slice(end).toLowerCase();
    })
    .join('');
}

function indent([value, width, first, blank]: unknown[]): unknown {
  const by = isText(width) ? plain(width) : (arithmetic(' ', '*', width === undefined ? 4 : width) as string);
  // A list takes the line end in, and only then is found to have no lines.
  if (Array.isArray(value)) throw new Failure('AttributeError', "'list' object has no attribute 'splitlines'");
  const source = plain(add(value, '\n') as string | Markup);
  const lines = splitLines(source, false);
  const indented = lines.map((line, i) => (i > 0 && (line !== '' || truth(blank ?? false)) ? by + line : line));
  if (truth(first ?? false)) indented[0] = by + (indented[0] ?? '');
  spendSize(lines.length * by.length);
  const out = indented.join('\n');
  return value instanceof Markup ? new Markup(out) : out;
}

function truncate([value, most = 255, kill, end = '...', tolerance]: unknown[]): unknown {
  const leeway = tolerance ?? 5;
  const endLength = length(end);
  if (!ordered(most, '>=', endLength))
    throw new Failure('AssertionError', `expected length >= ${endLength}, got ${text(most)}`);
  if (!ordered(leeway, '>=', 0)) throw new Failure('AssertionError', `expected leeway >= 0, got ${text(leeway)}`);
  if (ordered(length(value), '<=', add(most, leeway))) return value;
  const cut = slice(value, undefined, arithmetic(most, '-', endLength), undefined);
  if (truth(kill ?? false)) return add(cut, end);
  if (!isText(cut)) throw new Failure('AttributeError', `'${typeName(cut)}' object has no attribute 'rsplit'`);
  const space = plain(cut).lastIndexOf(' ');
  const kept = space < 0 ? plain(cut) : plain(cut).slice(0, space);
  return add(cut instanceof Markup ? new Markup(kept) : kept, end);
}

function replace([value, old, fresh, count]: unknown[], autoescape: boolean): unknown {
  const limit = count === undefined || count === null ? -1 : intArgument(count, -1);
  if (!autoescape) return replaceText(text(value), text(old), text(fresh), limit);
  const escaped = value instanceof Markup || old instanceof Markup || fresh instanceof Markup;
  if (!escaped) return replaceText(text(value), text(old), text(fresh), limit);
  return new Markup(replaceText(asMarkup(soft(value)), text(old), asMarkup(soft(fresh)), limit));
}

function format([value, args, named]: unknown[]): unknown {
  const keywords = named as Keywords;
  const positional = args as unknown[];
  if (positional.length && keywords.size) {
    throw new Failure('FilterArgumentError', "can't handle positional and keyword arguments at the same time");
  }
  return formatPercent(soft(value), keywords.size ? Dict.of(keywords) : new Tuple(positional));
}

export const textFilters: readonly Filter[] = [
  filter('upper', 'value', 'The text in upper case.', [example("{{ 'abc' | upper }}", 'ABC')], ([value]) =>
    mapText(value, (t) => t.toUpperCase()),
  ),
  filter('lower', 'value', 'The text in lower case.', [example("{{ 'ABC' | lower }}", 'abc')], ([value]) =>
    mapText(value, (t) => t.toLowerCase()),
  ),
  filter(
    'capitalize',
    'value',
    'The first character in upper case, the others in lower case.',
    [example("{{ 'hELLO' | capitalize }}", 'Hello')],
    ([value]) => mapText(value, capitalize),
  ),
  filter(
    'title',
    'value',
    'Each word with a capital first.',
    [example("{{ 'hello wide-open world' | title }}", 'Hello Wide-Open World')],
    ([value]) => title(text(value)),
  ),
  filter(
    'trim',
    'value, chars=None',
    'Without white space, or without the given characters, at both ends.',
    [example("{{ '  a ' | trim }}", 'a'), example("{{ '/a/' | trim('/') }}", 'a')],
    ([value, chars]) => mapText(value, (t) => strip(t, chars, 'both')),
  ),
  filter(
    'replace',
    'value, old, new, count=None',
    'Every occurrence of one text, or the first `count`, replaced by another.',
    [example("{{ 'a.b.c' | replace('.', '-') }}", 'a-b-c'), example("{{ 'a.b.c' | replace('.', '-', 1) }}", 'a-b.c')],
    (args, runtime) => replace(args, runtime.autoescape),
  ),
  filter(
    'center',
    'value, width=80',
    'The text in the middle of a field of the given width.',
    [example("{{ '[' ~ 'a' | center(5) ~ ']' }}", '[  a  ]')],
    ([value, width]) => mapText(value, (t) => pad(t, intArgument(width, 80), ' ', 'center')),
  ),
  filter(
    'indent',
    'value, width=4, first=False, blank=False',
    'Each line but the first set in by a number of spaces or by a text.',
    [example("{{ 'a\\nb' | indent(2) }}", 'a\n  b')],
    indent,
  ),
  filter(
    'truncate',
    "value, length=255, killwords=False, end='...', leeway=None",
    'The text cut to a length at the end of a word, with an ending; a text that is at most `leeway` (5) longer stays whole.',
    [example("{{ 'one two three four' | truncate(12) }}", 'one two...')],
    truncate,
  ),
  filter(
    'wordcount',
    'value',
    'How many words the text has.',
    [example("{{ 'one two' | wordcount }}", 2)],
    ([value]) => text(value).match(WORD)?.length ?? 0,
  ),
  filter(
    'format',
    'value, *args, **kwargs',
    'The values put into a format with `%` directives.',
    [example("{{ '%s-%02d' | format('a', 7) }}", 'a-07')],
    format,
  ),
];
