import type { Json } from '@tidemark/protocol';
import { type BuildContext, component } from '../../component/index.js';
import type { ApiResponse } from '../../http/response.js';
import { bodyError } from './body-error.js';
import { hintOf } from './byte-decoder.js';
import { collect } from './bytes.js';
import { isUtf8, jsonText, parseTolerant } from './json-text.js';
import { type BytesHint, type Decoder, decoderSlot } from './slot.js';

/** A whole JSON document. */
class WholeJsonDecoder implements Decoder {
  readonly isStreamed = false;
  constructor(private readonly context: BuildContext) {}

  async *decode(response: ApiResponse): AsyncIterable<unknown[]> {
    const hint = hintOf(response);
    // The response keeps its parsed body, which an error handler may have asked for already.
    yield this.bodies(response.bytes(), hint, isUtf8(hint.contentType) ? () => response.json() : undefined);
  }

  async *decodeBytes(bytes: AsyncIterable<Uint8Array>, hint: BytesHint): AsyncIterable<unknown[]> {
    yield this.bodies(await collect(bytes, this.context.settings.responseBytesMax), hint);
  }

  private bodies(bytes: Uint8Array, hint: BytesHint, parsed?: () => Json): unknown[] {
    if (bytes.byteLength === 0) return [];
    try {
      if (parsed) return bodiesOf(parsed());
    } catch {
      // Read again below, where it is told why it cannot be.
    }
    const text = jsonText(bytes, hint.contentType);
    try {
      return bodiesOf(parseTolerant(text));
    } catch (cause) {
      if (text.trim() === '') return [];
      throw bodyError('JSON', { ...hint, text }, this.context.redact, cause);
    }
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
