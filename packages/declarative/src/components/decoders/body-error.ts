import { ConnectorError } from '@tidemark/source';
import type { BytesHint } from './slot.js';

const EXCERPT_LENGTH = 120;

/**
 * The error for a body that is not what it should be: `due` says what ('JSON'), `text` is its beginning. `redact` removes
 * secrets from all that is quoted.
 */
export function bodyError(
  due: string,
  { url, status, contentType, text }: BytesHint & { text: string },
  redact: (text: string) => string,
  cause?: unknown,
): ConnectorError {
  const excerpt = redact(text.slice(0, EXCERPT_LENGTH * 8))
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, EXCERPT_LENGTH);
  const about = [status === undefined ? undefined : `status ${status}`, contentType].filter(Boolean).join(', ');
  const reason = cause instanceof Error ? ` (${redact(cause.message).slice(0, EXCERPT_LENGTH)})` : '';
  const begins = excerpt === '' ? '' : `: it begins with '${excerpt}'`;
  return new ConnectorError('system', `The API's answer${about ? ` (${about})` : ''} is not ${due}${begins}.`, {
    detail: `${redact(url.split(/[?#]/, 1)[0] ?? '')}${reason}`,
    cause,
  });
}

/** True when bytes begin as a web page does: an error page, a login, a captive portal. */
export function looksLikeHtml(text: string): boolean {
  return /^\s*<(?:!doctype\s+html|html|head|body)\b/i.test(text);
}
