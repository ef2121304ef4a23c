import { type Json, parseJson } from '@tidemark/protocol';
import { type BuildContext, component } from '../../component/index.js';
import { type ApiResponse, decodeText } from '../../http/response.js';
import { bodyError } from './body-error.js';
import { hintOf } from './byte-decoder.js';
import { collect } from './bytes.js';
import { type BytesHint, type Decoder, decoderSlot } from './slot.js';

/** A whole JSON document. */
class WholeJsonDecoder implements Decoder {
  readonly isStreamed = false;
  constructor(private readonly context: BuildContext) {}

  async *decode(response: ApiResponse): AsyncIterable<unknown[]> {
    if (response.bytes().byteLength > 0) {
      yield this.bodies(
        () => response.json(),
        () => response.text(),
        hintOf(response),
      );
    }
  }

  async *decodeBytes(bytes: AsyncIterable<Uint8Array>, hint: BytesHint): AsyncIterable<unknown[]> {
    const text = decodeText(await collect(bytes, this.context.settings.responseBytesMax), hint.contentType);
    yield this.bodies(
      () => parseJson(text),
      () => text,
      hint,
    );
  }

  private bodies(parse: () => Json, text: () => string, hint: BytesHint): unknown[] {
    try {
      return bodiesOf(parse());
    } catch (cause) {
      if (text().trim() === '') return [];
      throw bodyError('JSON', { ...hint, text: text() }, this.context.redact, cause);
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
