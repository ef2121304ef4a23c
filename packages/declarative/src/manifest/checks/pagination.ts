import type { JsonObject } from '@tidemark/protocol';
import type { CheckContext, Site } from '../check-context.js';
import { nearest } from '../suggestion.js';
import { isFalsy, isObject, own } from '../tree.js';
import { child, hasCustomCode, isTemplate, mentions } from './stream-facts.js';

/** A paginator that never tells the API which page is wanted, or how large pages are to be. */
export function checkPaginator(context: CheckContext, site: Site): void {
  const strategy = child(site.node, 'pagination_strategy');
  if (!strategy || Object.hasOwn(strategy, 'class_name')) return;
  const hasSizeOption = !isFalsy(own(site.node, 'page_size_option'));
  const size = own(strategy, 'page_size');
  if (hasSizeOption && isFalsy(size) && nearest('page_size', Object.keys(strategy)) === undefined) {
    const message = `page_size_option has no size to send: the ${String(strategy.type)} has no page_size`;
    context.say([...site.path, 'page_size_option'], 'page-size-missing', message, { atKey: true });
  }
  const requester = site.parent && child(site.parent.node, 'requester');
  if (!requester || hasCustomCode(requester)) return;
  if (!hasSizeOption && !isFalsy(size) && !sendsSize(requester, size)) {
    context.warn(
      [...site.path, 'pagination_strategy', 'page_size'],
      'page-size-unsent',
      'page_size is never sent: there is no page_size_option, and the request does not name it',
      { atKey: true },
    );
  }
  if (isFalsy(own(site.node, 'page_token_option')) && !mentions(requester, /\bnext_page_token\b/)) {
    context.warn(
      site.path,
      'page-token-unsent',
      'the next page is never asked for: there is no page_token_option, and the request does not use next_page_token',
    );
  }
}

/** True when the request itself names the size (as a number of its own) or something that could be it. */
function sendsSize(requester: JsonObject, size: unknown): boolean {
  if (isTemplate(size)) return mentions(requester, /size|limit|count|per_page|top|first|max/i);
  const number = new RegExp(`(?<!\\d)${String(size).replace(/[^\w.-]/g, '')}(?!\\d)`);
  return (
    mentions(requester, number) ||
    mentionsNumber(requester, String(size)) ||
    mentions(requester, /\b(?:last_)?page_size\b/)
  );
}

function mentionsNumber(value: unknown, number: string): boolean {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value) === number;
  if (Array.isArray(value)) return value.some((item) => mentionsNumber(item, number));
  return (
    isObject(value) && Object.keys(value).some((key) => key !== '$parameters' && mentionsNumber(value[key], number))
  );
}
