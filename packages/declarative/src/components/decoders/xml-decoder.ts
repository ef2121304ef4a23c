import { component } from '../../component/index.js';
import { decodeText } from '../../http/response.js';
import { bodyError } from './body-error.js';
import { byteDecoder } from './byte-decoder.js';
import { collect } from './bytes.js';
import { decoderSlot } from './slot.js';
import { readXml } from './xml-tree.js';

export const xmlDecoder = component('XmlDecoder', {
  slot: decoderSlot,
  doc: 'The response is XML. An attribute is the field `@name`, the text of an element with attributes or children is `#text`, and an element that comes again makes a list. Entities of a document type are not expanded.',
  fields: {},
  examples: [{ type: 'XmlDecoder' }],
  build: ({ context }) => ({
    ...byteDecoder(async function* (bytes, hint) {
      const text = decodeText(await collect(bytes, context.settings.responseBytesMax), hint.contentType);
      if (text.trim() === '') return;
      try {
        yield [await readXml(text)];
      } catch (cause) {
        throw bodyError('XML', { ...hint, text }, context.redact, cause);
      }
    }),
    isStreamed: false,
  }),
});
