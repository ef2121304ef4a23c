import { parseJson } from '@tidemark/protocol';
import { component } from '../../component/index.js';
import { bodyError } from './body-error.js';
import { byteDecoder } from './byte-decoder.js';
import { tooLarge } from './bytes.js';
import { decoderSlot } from './slot.js';
import { decodeText, lines } from './text.js';

export const jsonlDecoder = component('JsonlDecoder', {
  slot: decoderSlot,
  doc: 'Each line of the response is a JSON document. Read as it comes, whatever its length. Empty lines are left out.',
  fields: {},
  examples: [{ type: 'JsonlDecoder' }],
  build: ({ context }) =>
    byteDecoder(async function* (bytes, hint) {
      const lengthMax = context.settings.responseBytesMax;
      const found = lines(decodeText(bytes, 'utf-8', hint), {
        ends: /\n/,
        lengthMax,
        tooLong: () => tooLarge(lengthMax),
      });
      for await (const batch of found) {
        const bodies: unknown[] = [];
        for (const line of batch) {
          if (line.trim() === '') continue;
          try {
            bodies.push(parseJson(line));
          } catch (cause) {
            throw bodyError('lines of JSON', { ...hint, text: line }, context.redact, cause);
          }
        }
        if (bodies.length > 0) yield bodies;
      }
    }),
});
