import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { byteDecoder } from './byte-decoder.js';
import { ExpansionGuard } from './bytes.js';
import { type BytesHint, decoderSlot } from './slot.js';

export const gzipDecoder = component('GzipDecoder', {
  slot: decoderSlot,
  doc: 'The response is compressed with gzip; another decoder reads what is in it. What is not compressed is read as it is.',
  fields: { decoder: field.slot(decoderSlot).doc('Reads the decompressed content.') },
  examples: [{ type: 'GzipDecoder', decoder: { type: 'JsonlDecoder' } }],
  build: ({ fields }) =>
    byteDecoder(async function* (bytes, hint) {
      const { head, all } = await peek(bytes, 2);
      const isCompressed = head[0] === 0x1f && head[1] === 0x8b;
      yield* fields.decoder.decodeBytes(isCompressed ? decompressed(all, hint) : all, hint);
    }),
});

/** The first bytes, and all of them. */
async function peek(
  bytes: AsyncIterable<Uint8Array>,
  size: number,
): Promise<{ head: Uint8Array; all: AsyncIterable<Uint8Array> }> {
  const source = bytes[Symbol.asyncIterator]();
  let head = new Uint8Array(0);
  while (head.byteLength < size) {
    const next = await source.next();
    if (next.done) break;
    head = head.byteLength === 0 ? new Uint8Array(next.value) : Buffer.concat([head, next.value]);
  }
  async function* all(): AsyncIterable<Uint8Array> {
    try {
      if (head.byteLength > 0) yield head;
      for (let next = await source.next(); !next.done; next = await source.next()) yield next.value;
    } finally {
      await source.return?.();
    }
  }
  return { head, all: all() };
}

async function* decompressed(bytes: AsyncIterable<Uint8Array>, hint: BytesHint): AsyncIterable<Uint8Array> {
  const guard = new ExpansionGuard();
  const gunzip = createGunzip();
  // Errors of either end come out of the iteration below.
  pipeline(Readable.from(guard.before(bytes)), gunzip, () => undefined);
  try {
    yield* guard.after(gunzip);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && /^Z_/.test(String(cause.code))) {
      throw new ConnectorError('system', "The API's answer is not what gzip makes, or was cut short.", {
        detail: hint.url.split(/[?#]/, 1)[0],
        cause,
      });
    }
    throw cause;
  }
}
