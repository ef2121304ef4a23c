import type { Input } from './inputs.js';
import type { RequestBody, RequestParts } from './slot.js';

/** A form, or a text that is sent as it is. */
export function dataBody(value: Input): RequestBody {
  return { parts: (scope): RequestParts => ({ bodyData: value(scope) }) };
}

/** A JSON document. */
export function jsonBody(value: Input): RequestBody {
  return { parts: (scope): RequestParts => ({ bodyJson: value(scope) as RequestParts['bodyJson'] }) };
}
