import type { ApiResponse } from '../../http/response.js';
import type { BytesHint, Decoder } from './slot.js';

/** A decoder of a stream of bytes, wherever they come from. */
export function byteDecoder(decodeBytes: Decoder['decodeBytes']): Decoder {
  return { isStreamed: true, decodeBytes, decode: (response) => decodeBytes(response.stream(), hintOf(response)) };
}

/** What a decoder is told of the bytes of a response. */
export function hintOf(response: ApiResponse): BytesHint {
  return { url: response.url, status: response.status, contentType: response.headers['content-type'] };
}
