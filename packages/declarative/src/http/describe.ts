import type { ApiResponse } from './response.js';

const EXCERPT = 300;

/** An answer in one line for an error message: status, content type, the beginning of the body. Without secrets. */
export function describeResponse(response: ApiResponse, redact: (text: string) => string): string {
  const type = response.headers['content-type'] ?? 'no content type';
  return `status ${response.status}, ${type}, ${excerpt(response, redact)}`;
}

/** The beginning of the body in quotes, on one line, without secrets. */
export function excerpt(response: ApiResponse, redact: (text: string) => string): string {
  let text: string;
  try {
    text = response.text();
  } catch {
    return 'a streamed body';
  }
  // Redacted before it is cut: half a secret would not be found.
  const line = redact(text.slice(0, 20 * EXCERPT))
    .replace(/\s+/g, ' ')
    .trim();
  if (line === '') return 'an empty body';
  return `body: '${line.length > EXCERPT ? `${line.slice(0, EXCERPT)}…` : line}'`;
}

/** A URL without user, query and fragment: for messages. */
export function plainUrl(url: string): string {
  const match = /^([a-z]+:\/\/)(?:[^/?#@]*@)?([^?#]*)/i.exec(url);
  return match ? match[1]! + match[2]! : url;
}
