import { ConnectorError } from '@tidemark/source';

/** All bytes of a stream as one. Throws ConnectorError when there are more than `bytesMax`. */
export async function collect(bytes: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.byteLength;
    if (size > bytesMax) throw new ConnectorError('system', `A response is larger than ${bytesMax} bytes, the most that is held in memory.`);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
}
