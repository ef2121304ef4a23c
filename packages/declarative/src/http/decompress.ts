import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import {
  brotliDecompress,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  gunzip,
  inflate,
  inflateRaw,
} from 'node:zlib';
import { TransportError, tooLarge } from './transport-error.js';

const unpackers = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  raw: promisify(inflateRaw),
  br: promisify(brotliDecompress),
};

/** The encodings of a body in the order in which they are to be undone; those that are not known are refused. */
function encodings(header: string | undefined): ('gzip' | 'deflate' | 'br')[] {
  const names = (header ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  return names.reverse().map((name) => {
    if (name === 'gzip' || name === 'x-gzip') return 'gzip';
    if (name === 'deflate' || name === 'br') return name;
    throw new TransportError(
      'body',
      `The body has the content encoding '${name.slice(0, 40)}', which was not asked for.`,
    );
  });
}

/** Unpacks a whole body. Throws TransportError `size` beyond `bytesMax` (a bomb ends there too), `network` when it is cut short. */
export async function decompress(body: Buffer, header: string | undefined, bytesMax: number): Promise<Buffer> {
  let data = body;
  for (const encoding of encodings(header)) {
    if (data.length === 0) return data;
    try {
      data = await unpackers[encoding === 'deflate' && !hasZlibHead(data) ? 'raw' : encoding](data, {
        maxOutputLength: bytesMax,
      });
    } catch (error) {
      throw unpackError(error, encoding, bytesMax);
    }
  }
  return data;
}

/** Unpacks a body as it comes, in bounded memory. */
export async function* decompressStream(body: Readable, header: string | undefined): AsyncGenerator<Uint8Array> {
  let stream = body;
  const steps = encodings(header);
  try {
    for (const encoding of steps) {
      const next =
        encoding === 'gzip' ? createGunzip() : encoding === 'br' ? createBrotliDecompress() : await inflateOf(stream);
      stream.once('error', (error) => next.destroy(error));
      stream = stream.pipe(next);
    }
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    throw steps.length ? unpackError(error, steps[0]!, Number.POSITIVE_INFINITY) : error;
  } finally {
    stream.destroy();
    body.destroy();
  }
}

async function inflateOf(stream: Readable) {
  const head = await new Promise<Buffer>((resolve, reject) => {
    stream.once('readable', () => {
      const chunk = (stream.read() as Buffer | null) ?? Buffer.alloc(0);
      if (chunk.length) stream.unshift(chunk);
      resolve(chunk);
    });
    stream.once('error', reject);
  });
  return hasZlibHead(head) ? createInflate() : createInflateRaw();
}

/** `deflate` should mean zlib; some servers send the bare format. */
function hasZlibHead(data: Buffer): boolean {
  return data.length >= 2 && (data[0]! & 0x0f) === 8 && ((data[0]! << 8) | data[1]!) % 31 === 0;
}

function unpackError(error: unknown, encoding: string, bytesMax: number): Error {
  const code = (error as { code?: string }).code;
  if (code === 'ERR_BUFFER_TOO_LARGE') return tooLarge(bytesMax, error);
  if (code === 'Z_BUF_ERROR')
    return new TransportError('network', `The ${encoding} body is cut short.`, { cause: error });
  if (code?.startsWith('Z_') || code?.startsWith('ERR__ERROR')) {
    return new TransportError('body', `The body is not ${encoding}, which its header says.`, { cause: error });
  }
  return error as Error;
}
