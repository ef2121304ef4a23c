import { component } from '../../component/index.js';
import { byteDecoder } from './byte-decoder.js';
import { tooLarge } from './bytes.js';
import { decoderSlot } from './slot.js';
import { decodeText, lines } from './text.js';

export const iterableDecoder = component('IterableDecoder', {
  slot: decoderSlot,
  doc: 'Each line of the response is a text: the field `record` of a record.',
  fields: {},
  examples: [{ type: 'IterableDecoder' }],
  build: ({ context }) =>
    byteDecoder(async function* (bytes, hint) {
      const lengthMax = context.settings.responseBytesMax;
      const found = lines(decodeText(bytes, 'utf-8', hint), {
        ends: /\r\n|\n|\r/,
        lengthMax,
        tooLong: () => tooLarge(lengthMax),
      });
      for await (const batch of found) yield batch.map((line) => ({ record: line }));
    }),
});
