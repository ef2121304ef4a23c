import { type Json, parseJson } from '@tidemark/protocol';
import { type BuildContext, component } from '../../component/index.js';
import type { ApiResponse } from '../../http/response.js';
import { bodyError } from './body-error.js';
import { collect } from './bytes.js';
import { type Decoder, decoderSlot } from './slot.js';

/** A whole JSON document. */
class WholeJsonDecoder implements Decoder {
  readonly isStreamed = false;
  constructor(private readonly context: BuildContext) {}

  async *decode(response: ApiResponse): AsyncIterable<unknown[]> {
    if (response.bytes().byteLength === 0) return;
    let body: Json;
    try {
      body = response.json();
    } catch (cause) {
      const text = response.text();
      if (text.trim() === '') return;
      const contentType = response.headers['content-type'];
      throw bodyError('JSON', { status: response.status, contentType, url: response.url, text }, this.context.redact, cause);
    }
    yield bodiesOf(body);
  }

  async *decodeBytes(bytes: AsyncIterable<Uint8Array>, hint: { contentType?: string; url: string }): AsyncIterable<unknown[]> {
    const text = new TextDecoder().decode(await collect(bytes, this.context.settings.responseBytesMax));
    if (text.trim() === '') return;
    let body: Json;
    try {
      body = parseJson(text);
    } catch (cause) {
      throw bodyError('JSON', { ...hint, text }, this.context.redact, cause);
    }
    yield bodiesOf(body);
  }
}

/** A list at the top is a body for each item. An empty document (`null`, `[]`, `{}`) is none. */
function bodiesOf(document: Json): unknown[] {
  if (Array.isArray(document)) return document;
  const isEmpty = document === null || (typeof document === 'object' && Object.keys(document).length === 0);
  return isEmpty ? [] : [document];
}

export const jsonDecoder = component('JsonDecoder', {
  slot: decoderSlot,
  doc: 'The response is one JSON document. A list at its top is taken item by item.',
  fields: {},
  examples: [{ type: 'JsonDecoder' }],
  build: ({ context }): Decoder => new WholeJsonDecoder(context),
});
