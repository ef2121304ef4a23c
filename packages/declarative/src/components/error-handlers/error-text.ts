import type { ApiResponse } from '../../http/response.js';

// Where APIs say what went wrong, the most telling first.
const NAMES = [
  'message',
  'messages',
  'error',
  'errors',
  'failures',
  'failure',
  'detail',
  'err',
  'error_message',
  'msg',
  'reason',
  'status_message',
] as const;
const DEPTH_MAX = 20;

/** What the body of an answer says about the error: the text under the usual names of a JSON body, or the whole body. */
export function errorText(response: ApiResponse): string | undefined {
  let body: unknown;
  try {
    body = response.json();
  } catch {
    try {
      return response.text();
    } catch {
      return undefined;
    }
  }
  return textOf(body, 0);
}

function textOf(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value;
  if (depth > DEPTH_MAX || typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) {
    const texts = value.map((item) => textOf(item, depth + 1));
    return texts.filter((text) => text !== undefined).join(', ');
  }
  const object = value as Record<string, unknown>;
  const name = NAMES.find((candidate) => Object.hasOwn(object, candidate) && isTold(object[candidate]));
  return name === undefined ? undefined : textOf(object[name], depth + 1);
}

function isTold(value: unknown): boolean {
  if (!value) return false;
  return typeof value === 'object' ? (Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0) : true;
}
