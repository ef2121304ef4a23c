import type { JsonObject } from '@tidemark/protocol';
import { csvDecoder } from '../../src/components/decoders/csv-decoder.js';
import { gzipDecoder } from '../../src/components/decoders/gzip-decoder.js';
import { iterableDecoder } from '../../src/components/decoders/iterable-decoder.js';
import { jsonDecoder } from '../../src/components/decoders/json-decoder.js';
import { jsonItemsDecoder } from '../../src/components/decoders/json-items-decoder.js';
import { jsonlDecoder } from '../../src/components/decoders/jsonl-decoder.js';
import { type Decoder, decoderSlot } from '../../src/components/decoders/slot.js';
import { xmlDecoder } from '../../src/components/decoders/xml-decoder.js';
import { zipfileDecoder } from '../../src/components/decoders/zipfile-decoder.js';
import { BufferedResponse, type ResponseHead, StreamedResponse } from '../../src/http/response.js';
import { build, type WordSetup } from '../selectors/build-word.js';

const WORDS = [
  csvDecoder,
  gzipDecoder,
  iterableDecoder,
  jsonDecoder,
  jsonItemsDecoder,
  jsonlDecoder,
  xmlDecoder,
  zipfileDecoder,
];

export function buildDecoder(raw: JsonObject, setup?: WordSetup): Decoder {
  return build(raw, decoderSlot, WORDS, setup);
}

/** All bodies of a response with this body, which arrives in pieces of `pieceSize` bytes. */
export async function decode(
  raw: JsonObject,
  body: string | Uint8Array,
  { contentType, pieceSize = 7, setup }: { contentType?: string; pieceSize?: number; setup?: WordSetup } = {},
): Promise<unknown[]> {
  const decoder = buildDecoder(raw, setup);
  const head: ResponseHead = {
    status: 200,
    headers: contentType ? { 'content-type': contentType } : {},
    url: 'http://localhost/x?key=s3cret',
    request: { method: 'GET', url: 'http://localhost/x?key=s3cret' },
  };
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  async function* pieces() {
    for (let i = 0; i < bytes.length; i += pieceSize) yield bytes.subarray(i, i + pieceSize);
  }
  const response = decoder.isStreamed ? new StreamedResponse(head, pieces()) : new BufferedResponse(head, bytes);
  const bodies: unknown[] = [];
  for await (const batch of decoder.decode(response)) bodies.push(...batch);
  return bodies;
}
