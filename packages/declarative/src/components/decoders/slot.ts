import { slot } from '../../component/slot.js';
import type { ApiResponse } from '../../http/response.js';

/** What is known of bytes besides themselves: for errors, and for the charset. */
export interface BytesHint {
  url: string;
  status?: number;
  contentType?: string;
}

/**
 * Turns a response into bodies: one for JSON, one a line for JSON lines, one a row for CSV. They come in batches, so that a
 * long download never stands in memory as a whole. An empty document gives no body.
 */
export interface Decoder {
  /** True when the response should be asked for as a stream. */
  readonly isStreamed: boolean;
  /** Throws ConnectorError when the body is not what it should be, with an excerpt. */
  decode(response: ApiResponse): AsyncIterable<unknown[]>;
  /** Decodes bytes; what archive decoders hand to the decoder inside them. */
  decodeBytes(bytes: AsyncIterable<Uint8Array>, hint: BytesHint): AsyncIterable<unknown[]>;
}
export const decoderSlot = slot<Decoder>('decoder');
