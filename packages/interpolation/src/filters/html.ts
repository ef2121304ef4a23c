import { spendSize } from '../budget.js';
import { Failure, typeError } from '../error.js';
import { wrapText } from '../formatting/wrap.js';
import { textArgument } from '../methods/arguments.js';
import { stripTags } from '../methods/markup.js';
import { SPACE } from '../methods/text-kind.js';
import { splitLines } from '../methods/text-split.js';
import { elements, toArray } from '../operations/iterate.js';
import { asDouble, type Numeric } from '../operations/number-arithmetic.js';
import { ordered } from '../operations/ordering.js';
import { text } from '../operations/text.js';
import { truth } from '../operations/truth.js';
import { typeName } from '../operations/type-name.js';
import { Bytes } from '../values/bytes.js';
import { isMapping, pairsOf } from '../values/mapping.js';
import { escapeHtml, isText, Markup, plain } from '../values/markup.js';
import { Undefined } from '../values/undefined.js';
import type { Filter } from '../word.js';
import { example, filter } from './define.js';
import { quoteUrl } from './quote-url.js';
import { urlize } from './urlize.js';

const escaped = (value: unknown) => (value instanceof Markup ? value : new Markup(escapeHtml(text(value))));

function urlEncode([value]: unknown[]): string {
  if (isText(value)) return quoteUrl(plain(value), '/');
  if (elements(value) === undefined) return quoteUrl(text(value), '/');
  const pairs = isMapping(value) ? pairsOf(value) : toArray(value).map(pairOf);
  return pairs.map(([key, item]) => `${quoteQuery(key)}=${quoteQuery(item)}`).join('&');
}

const quoteQuery = (value: unknown) => quoteUrl(text(value), '').replaceAll('%20', '+');

function pairOf(item: unknown): [unknown, unknown] {
  const both = toArray(item);
  if (both.length !== 2)
    throw new Failure('ValueError', both.length < 2 ? 'not enough values to unpack' : 'too many values to unpack');
  return [both[0], both[1]];
}

const BAD_KEY = /[\s/>=]/;

function xmlAttributes([value, space]: unknown[], autoescape: boolean): unknown {
  if (value instanceof Undefined) throw value.fail();
  if (!isMapping(value)) throw new Failure('AttributeError', `'${typeName(value)}' object has no attribute 'items'`);
  const parts: string[] = [];
  for (const [key, item] of pairsOf(value)) {
    if (item === null || item instanceof Undefined) continue;
    if (BAD_KEY.test(textArgument(key))) throw new Failure('ValueError', 'Invalid character in attribute name');
    parts.push(`${text(escaped(key))}="${text(escaped(item))}"`);
  }
  const joined = parts.join(' ');
  const out = joined !== '' && (space === undefined || truth(space)) ? ` ${joined}` : joined;
  return autoescape ? new Markup(out) : out;
}

function wordWrap([value, width = 79, breakLong, wrapString, breakHyphens]: unknown[]): string {
  if (value instanceof Undefined) throw value.fail();
  if (value instanceof Bytes) throw typeError('cannot use a string pattern on a bytes-like object');
  const by = separator(wrapString ?? '\n');
  if (!isText(value)) throw new Failure('AttributeError', `'${typeName(value)}' object has no attribute 'splitlines'`);
  const options = { breakLong: truth(breakLong ?? true), breakHyphens: truth(breakHyphens ?? true) };
  const lines = splitLines(plain(value), false).map((line) => {
    if (!ordered(width, '>', 0)) throw new Failure('ValueError', `invalid width ${text(width)} (must be > 0)`);
    return wrapText(line, { ...options, width: asDouble(width as Numeric) }).join(by);
  });
  return lines.join(by);
}

function separator(value: unknown): string {
  if (value instanceof Undefined) throw value.fail();
  if (!isText(value)) throw new Failure('AttributeError', `'${typeName(value)}' object has no attribute 'join'`);
  return plain(value);
}

function urlizeValue(args: unknown[], autoescape: boolean): unknown {
  const [value, limit, nofollow, target, rel, schemes] = args;
  const rels = new Set(
    text(rel ?? '')
      .split(new RegExp(`[${SPACE}]+`))
      .filter(Boolean),
  );
  if (truth(nofollow ?? false)) rels.add('nofollow');
  rels.add('noopener');
  const extra = schemes === undefined || schemes === null ? [] : toArray(schemes).map((scheme) => textArgument(scheme));
  for (const scheme of extra) {
    if (!/^[\w.+-]{2,}:\/{0,2}$/.test(scheme))
      throw new Failure('FilterArgumentError', `'${scheme}' is not a valid URI scheme prefix.`);
  }
  const out = urlize(value instanceof Markup ? value.markup : escapeHtml(text(value)), {
    limit: limit ?? undefined,
    rel: [...rels].sort().join(' '),
    target: target === undefined || target === null ? '' : text(target),
    schemes: extra,
  });
  spendSize(out.length);
  return autoescape ? new Markup(out) : out;
}

export const htmlFilters: readonly Filter[] = [
  filter(
    'escape',
    'value',
    'The text with `& < > \' "` as HTML entities, marked as safe.',
    [example("{{ '<a>' | escape }}", '&lt;a&gt;')],
    ([value]) => escaped(value),
    ['e'],
  ),
  filter(
    'forceescape',
    'value',
    'Like `escape`, also for text that is marked as safe.',
    [example("{{ '<a>' | escape | forceescape }}", '&amp;lt;a&amp;gt;')],
    ([value]) => new Markup(escapeHtml(text(value))),
  ),
  filter(
    'safe',
    'value',
    'The text, marked as safe HTML.',
    [example("{{ '<a>' | safe }}", '<a>')],
    ([value]) => new Markup(text(value)),
  ),
  filter(
    'striptags',
    'value',
    'The text without HTML tags and comments, white space made single.',
    [example("{{ '<b>a</b>  &amp; b' | striptags }}", 'a & b')],
    ([value]) => stripTags(text(value)),
  ),
  filter(
    'urlencode',
    'value',
    'Text quoted for a URL’s path; a dict or pairs as query.',
    [
      example("{{ 'a b/ü' | urlencode }}", 'a%20b/%C3%BC'),
      example("{{ {'a': 'x y', 'b': 1} | urlencode }}", 'a=x+y&b=1'),
    ],
    urlEncode,
  ),
  filter(
    'urlize',
    'value, trim_url_limit=None, nofollow=False, target=None, rel=None, extra_schemes=None',
    'The text with its URLs made links.',
    [example("{{ 'see https://a.io.' | urlize }}", 'see <a href="https://a.io" rel="noopener">https://a.io</a>.')],
    (args, runtime) => urlizeValue(args, runtime.autoescape),
  ),
  filter(
    'xmlattr',
    'value, autospace=True',
    'A dict as attributes of an XML element.',
    [example("{{ '<a' ~ {'id': 1, 'x': none} | xmlattr ~ '>' }}", '<a id="1">')],
    (args, runtime) => xmlAttributes(args, runtime.autoescape),
  ),
  filter(
    'wordwrap',
    'value, width=79, break_long_words=True, wrapstring=None, break_on_hyphens=True',
    'The text in lines of a given length.',
    [example("{{ 'one two three' | wordwrap(8) }}", 'one two\nthree')],
    wordWrap,
  ),
];
