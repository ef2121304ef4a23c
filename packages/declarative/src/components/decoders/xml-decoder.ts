import { component } from '../../component/index.js';
import { charsetOf, decodeText } from '../../http/response.js';
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
      const whole = await collect(bytes, context.settings.responseBytesMax);
      const text = decodeText(whole, charsetOf(hint.contentType) ? hint.contentType : declaredType(whole));
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

/** The encoding that the document's first line names, as a content type. */
function declaredType(bytes: Uint8Array): string | undefined {
  const beginning = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  const name = /^\s*<\?xml\s[^>]*encoding\s*=\s*["']([\w.-]+)["']/.exec(beginning)?.[1];
  return name && `text/xml; charset=${name}`;
}
