import { ConnectorError } from '@tidemark/source';

const EXCERPT_LENGTH = 120;

/** What is known of a body that could not be decoded. */
export interface BodyFacts {
  status?: number;
  contentType?: string;
  url: string;
  /** The body's beginning. */
  text: string;
}

/** The error for a body that is not what it should be; `redact` removes secrets from its excerpt. */
export function bodyError(due: string, facts: BodyFacts, redact: (text: string) => string, cause?: unknown): ConnectorError {
  const excerpt = redact(facts.text.slice(0, EXCERPT_LENGTH * 8).replace(/\s+/g, ' ').trim()).slice(0, EXCERPT_LENGTH);
  const about = [facts.status === undefined ? undefined : `status ${facts.status}`, facts.contentType].filter(Boolean).join(', ');
  const reason = cause instanceof Error ? ` (${redact(cause.message).slice(0, EXCERPT_LENGTH)})` : '';
  return new ConnectorError('system', `The API's answer${about ? ` (${about})` : ''} is not ${due}: it begins with '${excerpt}'.`, {
    detail: `${redact(withoutQuery(facts.url))}${reason}`,
    cause,
  });
}

function withoutQuery(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? '';
}
