import { spendCall } from '../budget.js';
import { toArray } from '../operations/iterate.js';
import { asMarkup } from '../operations/sequence-arithmetic.js';
import { text } from '../operations/text.js';
import type { Runtime } from '../runtime.js';
import type { Keywords } from '../values/callable.js';
import { escapeHtml, isText, Markup } from '../values/markup.js';
import { Tuple } from '../values/tuple.js';
import type { Member } from './member.js';
import { SPACE } from './text-kind.js';

/** Methods whose text arguments are escaped before they enter markup. */
const ESCAPED: Record<string, number> = { replace: 1, ljust: 1, rjust: 1, center: 1 };
/** Methods of text that tell something about it, and so give no markup. */
const PLAIN = new Set(['encode', 'maketrans']);

/** A text method called on markup: what comes out of markup is markup. */
export function applyToMarkup(self: Markup, name: string, member: Member, args: unknown[], runtime: Runtime): unknown {
  spendCall(self.markup.length);
  const apply = member.apply as (self: unknown, args: unknown[], runtime: Runtime) => unknown;
  if (name === 'join')
    return new Markup(
      toArray(args[0])
        .map((part) => markupOf(part))
        .join(self.markup),
    );
  if (name === 'format') return new Markup(text(apply(self.markup, formatArguments(args), runtime)));
  const escaped = args.map((arg, index) => (ESCAPED[name] === index && isText(arg) ? asMarkup(arg) : arg));
  const result = apply(self.markup, escaped, runtime);
  return PLAIN.has(name) ? result : wrap(result);
}

const markupOf = (part: unknown) => (isText(part) ? asMarkup(part) : escapeHtml(text(part)));

function formatArguments([args, named]: unknown[]): unknown[] {
  const safe = (value: unknown) => (typeof value === 'string' ? escapeHtml(value) : value);
  return [(args as unknown[]).map(safe), new Map([...(named as Keywords)].map(([key, value]) => [key, safe(value)]))];
}

function wrap(value: unknown): unknown {
  if (typeof value === 'string') return new Markup(value);
  if (Array.isArray(value)) return value.map(wrap);
  return value instanceof Tuple ? new Tuple(value.items.map(wrap)) : value;
}

/** Methods that markup has and text has not. */
export const markupOwn: Record<string, (self: Markup) => unknown> = {
  striptags: (self) => stripTags(self.markup),
  unescape: (self) => unescapeHtml(self.markup),
};

/** Text without comments, tags and needless white space, entities resolved. What is not closed stays. */
export function stripTags(value: string): string {
  let bare = '';
  let at = 0;
  for (;;) {
    const start = value.indexOf('<', at);
    if (start < 0) break;
    const close = value.startsWith('<!--', start) ? '-->' : '>';
    const end = value.indexOf(close, close === '-->' ? start + 4 : start);
    if (end < 0) break;
    bare += value.slice(at, start);
    at = end + close.length;
  }
  return unescapeHtml((bare + value.slice(at)).split(SPACES).filter(Boolean).join(' '));
}

const SPACES = new RegExp(`[${SPACE}]+`);

const NAMED: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\xa0',
  copy: '©',
  reg: '®',
  trade: '™',
  hellip: '…',
  mdash: '—',
  ndash: '–',
  laquo: '«',
  raquo: '»',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  euro: '€',
  pound: '£',
  cent: '¢',
  yen: '¥',
  sect: '§',
  deg: '°',
  middot: '·',
  bull: '•',
  times: '×',
};

export function unescapeHtml(value: string): string {
  return value.replace(/&(?:#x([0-9a-f]+);?|#(\d+);?|(\w+);)/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? '\ufffd' : String.fromCodePoint(code);
  });
}
