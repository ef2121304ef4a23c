import type { Json, JsonObject } from '@tidemark/protocol';
import { isObject } from '../tree.js';
import type { Migration } from './migration.js';

/**
 * `request_body_json` and `request_body_data` are `request_body` now. A text in `request_body_json` stays where it is: a
 * template that makes an object has no place in the new spelling.
 */
export const requestBody: Migration = {
  name: 'HttpRequesterRequestBodyJsonDataToRequestBody',
  type: 'HttpRequester',
  version: '*',
  migrate(node) {
    const { request_body_json: json, request_body_data: data, ...rest } = node;
    if (data !== undefined) {
      const kept = json !== undefined && !isObject(json) ? { request_body_json: json } : {};
      return {
        node: { ...rest, ...kept, request_body: body('RequestBodyUrlEncodedForm', data) },
        moved: { request_body: 'request_body_data' },
      };
    }
    if (!isObject(json)) return undefined;
    const type = typeof json.query === 'string' ? 'RequestBodyGraphQL' : 'RequestBodyJsonObject';
    return { node: { ...rest, request_body: body(type, json) }, moved: { request_body: 'request_body_json' } };
  },
};

function body(type: string, value: Json): JsonObject {
  return { type, value };
}
