import { ConnectorError } from '@tidemark/source';
import type { BytesHint } from './slot.js';

/** The records that are handed on at once. */
export const BATCH_SIZE = 1_000;

/**
 * Bytes as text in an encoding, by any of its usual names (`utf-8`, `latin-1`, `cp1252`, `shift_jis`, …); a byte order mark
 * is left out. Throws ConnectorError (config) for an encoding that nobody knows and for bytes that are not UTF-8 where they
 * should be.
 */
export async function* decodeText(
  bytes: AsyncIterable<Uint8Array>,
  encoding: string,
  hint: BytesHint,
): AsyncIterable<string> {
  const name = encoding.toLowerCase().replace(/[^a-z0-9]/g, '');
  const decoder =
    name === 'utf8' || name === 'utf8sig' || name === '' ? utf8(encoding, hint) : await named(encoding, name);
  for await (const chunk of bytes) {
    const text = decoder.write(chunk);
    if (text !== '') yield text;
  }
  const rest = decoder.end();
  if (rest) yield rest;
}

interface TextPieces {
  write(chunk: Uint8Array): string;
  end(): string | undefined;
}

function utf8(encoding: string, hint: BytesHint): TextPieces {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const guarded = (decode: () => string): string => {
    try {
      return decode();
    } catch (cause) {
      throw new ConnectorError(
        'config',
        `The API's answer is not in the encoding '${encoding || 'utf-8'}' that its decoder names.`,
        {
          detail: hint.url.split(/[?#]/, 1)[0],
          cause,
        },
      );
    }
  };
  return {
    write: (chunk) => guarded(() => decoder.decode(chunk, { stream: true })),
    end: () => guarded(() => decoder.decode()),
  };
}

async function named(encoding: string, name: string): Promise<TextPieces> {
  const { default: iconv } = await import('iconv-lite');
  if (!iconv.encodingExists(name))
    throw new ConnectorError('config', `The encoding '${encoding}' of a decoder is unknown.`);
  const decoder = iconv.getDecoder(name);
  return {
    write: (chunk) => decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)),
    end: () => decoder.end(),
  };
}

/**
 * Lines of a text, without their ends, in batches. `ends` says what ends a line. Throws what `tooLong` makes when a line is
 * longer than `lengthMax` characters.
 */
export async function* lines(
  text: AsyncIterable<string>,
  { ends, lengthMax, tooLong }: { ends: RegExp; lengthMax: number; tooLong: () => Error },
): AsyncIterable<string[]> {
  // Pieces of a line that has not ended yet; joined once, so that a long line costs no more than its length.
  let parts: string[] = [];
  let length = 0;
  let heldReturn = '';
  for await (const given of text) {
    // A return at the very end of a piece may be the first half of a line's end.
    let piece: string = heldReturn + given;
    heldReturn = piece.endsWith('\r') ? '\r' : '';
    if (heldReturn) piece = piece.slice(0, -1);
    if (ends.test(piece)) {
      const found = (parts.join('') + piece).split(ends);
      parts = [found.pop() ?? ''];
      length = parts[0]!.length;
      for (let i = 0; i < found.length; i += BATCH_SIZE) yield found.slice(i, i + BATCH_SIZE);
    } else {
      parts.push(piece);
      length += piece.length;
    }
    if (length > lengthMax) throw tooLong();
  }
  const last = (parts.join('') + heldReturn).split(ends);
  if (last.at(-1) === '') last.pop();
  if (last.length > 0) yield last;
}
