import { SPACE } from '../methods/text-kind.js';
import { codePointLength } from '../operations/code-points.js';
import { slice } from '../operations/item.js';
import { ordered } from '../operations/ordering.js';
import { escapeHtml } from '../values/markup.js';

export interface UrlizeOptions {
  /** Longest text of a link; undefined for no limit. */
  limit: unknown;
  rel: string;
  target: string;
  schemes: readonly string[];
}

const W = '[\\p{L}\\p{N}_]';
const HTTP = new RegExp(
  `^(?:(?:https?://|www\\.)(?:[\\p{L}\\p{N}_%.-]+\\.)?(?:[a-z]{2,63}|xn--[\\p{L}\\p{N}_%]{2,59})|(?:[\\p{L}\\p{N}_%-]{2,63}\\.)+(?:com|net|int|edu|gov|org|info|mil)|https?://(?:\\d{1,3}(?:\\.\\d{1,3}){3}|\\[(?:[\\da-f]{0,4}:){2}(?:[\\da-f]{0,4}:?){1,6}\\]))(?::\\d{1,5})?(?:[/?#][^${SPACE}]*)?$`,
  'iu',
);
const EMAIL = new RegExp(`^[^${SPACE}]+@${W}[\\p{L}\\p{N}_.-]*\\.${W}+$`, 'u');
const PAIRS = [
  ['(', ')'],
  ['<', '>'],
  ['&lt;', '&gt;'],
] as const;
/** Words longer than this are no links: the patterns above are quadratic in a word's length. */
const WORD_MAX = 2000;

/** Makes links of the URLs and addresses in a text that is escaped already. */
export function urlize(escaped: string, options: UrlizeOptions): string {
  return escaped
    .split(new RegExp(`([${SPACE}]+)`))
    .map((word, index) => (index % 2 === 0 && word.length <= WORD_MAX ? urlizeWord(word, options) : word))
    .join('');
}

function urlizeWord(word: string, options: UrlizeOptions): string {
  const [head = ''] = /^(?:[(<]|&lt;)+/.exec(word) ?? [];
  let middle = word.slice(head.length);
  const [ending = ''] = /(?:[)>.,\n]|&gt;)+$/.exec(middle) ?? [];
  let tail = ending;
  middle = middle.slice(0, middle.length - tail.length);
  for (const [open, close] of PAIRS) {
    const opened = count(middle, open);
    if (opened <= count(middle, close)) continue;
    // A bracket that was opened within the link is closed within it.
    for (let i = Math.min(opened, count(tail, close)); i > 0; i--) {
      const end = tail.indexOf(close) + close.length;
      middle += tail.slice(0, end);
      tail = tail.slice(end);
    }
  }
  return head + link(middle, options) + tail;
}

const count = (text: string, part: string) => text.split(part).length - 1;

function link(middle: string, { limit, rel, target, schemes }: UrlizeOptions): string {
  const attributes = `${rel ? ` rel="${escapeHtml(rel)}"` : ''}${target ? ` target="${escapeHtml(target)}"` : ''}`;
  const shown = (url: string) =>
    limit !== undefined && ordered(codePointLength(url), '>', limit)
      ? `${slice(url, undefined, limit, undefined)}...`
      : url;
  if (HTTP.test(middle)) {
    const href = /^https?:\/\//.test(middle) ? middle : `https://${middle}`;
    return `<a href="${href}"${attributes}>${shown(middle)}</a>`;
  }
  if (middle.startsWith('mailto:') && EMAIL.test(middle.slice(7))) return `<a href="${middle}">${middle.slice(7)}</a>`;
  const isAddress =
    middle.includes('@') && !middle.startsWith('www.') && !middle.startsWith('@') && !middle.includes(':');
  if (isAddress && EMAIL.test(middle)) return `<a href="mailto:${middle}">${middle}</a>`;
  const scheme = schemes.some((prefix) => middle !== prefix && middle.startsWith(prefix));
  return scheme ? `<a href="${middle}"${attributes}>${middle}</a>` : middle;
}
