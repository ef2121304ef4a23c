import { ConnectorError } from '@tidemark/source';

/** All bytes of a stream as one. Throws ConnectorError when there are more than `bytesMax`. */
export async function collect(bytes: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.byteLength;
    if (size > bytesMax) throw tooLarge(bytesMax);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
}

/** The error for something that would have to stand in memory and is too large for that. */
export function tooLarge(bytesMax: number): ConnectorError {
  return new ConnectorError('system', `A response is larger than ${bytesMax} bytes, the most that is held in memory.`);
}

const EXPANSION_MAX = 500;
const EXPANSION_BYTES_MIN = 64 * 1024 * 1024;

/**
 * Counts what goes into a decompressor and what comes out. Throws ConnectorError when little becomes far too much: an
 * archive made to fill memory or time.
 */
export class ExpansionGuard {
  private bytesIn = 0;
  private bytesOut = 0;

  /** That many bytes go in. */
  expect(bytes: number): void {
    this.bytesIn += bytes;
  }

  async *before(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const chunk of bytes) {
      this.expect(chunk.byteLength);
      yield chunk;
    }
  }

  async *after(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const chunk of bytes) {
      this.bytesOut += chunk.byteLength;
      if (this.bytesOut > EXPANSION_BYTES_MIN && this.bytesOut > this.bytesIn * EXPANSION_MAX) {
        throw new ConnectorError(
          'system',
          `A compressed response expands to more than ${EXPANSION_MAX} times its size.`,
        );
      }
      yield chunk;
    }
  }
}
