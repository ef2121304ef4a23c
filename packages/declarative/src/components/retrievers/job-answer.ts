import type { JsonObject } from '@tidemark/protocol';
import { setKey } from '../../component/path.js';
import type { ApiResponse } from '../../http/response.js';
import type { Decoder } from '../decoders/slot.js';

/** An answer about a job, decoded once. */
export interface JobAnswer {
  readonly bodies: readonly unknown[];
  /** What templates see as `creation_response` or `polling_response`: the body's fields, `headers` and `request`. */
  readonly scope: JsonObject;
}

/** Decodes an answer about a job. Throws ConnectorError when the body is not what the decoder is for. */
export async function readAnswer(response: ApiResponse, decoder: Decoder): Promise<JobAnswer> {
  const bodies: unknown[] = [];
  for await (const batch of decoder.decode(response)) bodies.push(...batch);
  const scope: JsonObject = {};
  const [body] = bodies;
  if (bodies.length === 1 && typeof body === 'object' && body !== null && !Array.isArray(body))
    Object.assign(scope, body);
  if (!Object.hasOwn(scope, 'headers')) scope.headers = bothSpellings(response.headers);
  if (!Object.hasOwn(scope, 'request')) scope.request = { ...response.request };
  return { bodies, scope };
}

/** Headers as they come (`location`) and as templates mostly write them (`Location`). */
function bothSpellings(headers: Readonly<Record<string, string>>): JsonObject {
  const both: JsonObject = {};
  for (const [name, value] of Object.entries(headers)) {
    setKey(both, name, value);
    setKey(
      both,
      name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()),
      value,
    );
  }
  return both;
}
