import { type Json, parseJson } from '@tidemark/protocol';
import { component, field } from '../../component/index.js';
import { bodyError } from './body-error.js';
import { byteDecoder } from './byte-decoder.js';
import { decoderSlot } from './slot.js';
import { BATCH_SIZE, decodeText } from './text.js';

/** The parser looks at the whole path of every value. */
const DEPTH_MAX = 1_000;

export const jsonItemsDecoder = component('JsonItemsDecoder', {
  slot: decoderSlot,
  doc: 'The response is one long JSON document; each item of a list in it is a body of its own. Read as it comes, whatever its length.',
  fields: {
    items_path: field
      .string()
      .doc('The list, by names with dots between; `item` stands for the items of a list on the way.')
      .example('data.users', 'dataByAsin'),
    encoding: field.string().default('utf-8').doc('The encoding of the text.'),
  },
  examples: [{ type: 'JsonItemsDecoder', items_path: 'data.users' }],
  build: ({ fields, context }) =>
    byteDecoder(async function* (bytes, hint) {
      const items = await itemReader(fields.items_path);
      let beginning: string | undefined;
      for await (const text of decodeText(bytes, fields.encoding, hint)) {
        beginning ??= text.slice(0, 1_000);
        try {
          items.write(text);
        } catch (cause) {
          throw bodyError('JSON', { ...hint, text: beginning }, context.redact, cause);
        }
        while (items.found.length >= BATCH_SIZE) yield items.found.splice(0, BATCH_SIZE);
      }
      if (items.found.length > 0) yield items.found.splice(0);
      if (!items.isComplete && beginning?.trim()) {
        throw bodyError('whole JSON: it was cut short', { ...hint, text: beginning }, context.redact);
      }
    }),
});

interface ItemReader {
  /** Items that are complete; whoever takes them removes them. */
  readonly found: Json[];
  readonly isComplete: boolean;
  /** Throws Error when the document is not JSON. */
  write(text: string): void;
}

async function itemReader(path: string): Promise<ItemReader> {
  const { Tokenizer, TokenParser, TokenType } = await import('@streamparser/json');
  class ExactTokenizer extends Tokenizer {
    override parseNumber(text: string): number {
      return parseJson(text) as number;
    }
  }
  const steps = path.split('.').map((step) => (step === 'item' ? '*' : step));
  const tokenizer = new ExactTokenizer();
  const parser = new TokenParser({ paths: [`$.${steps.join('.')}.*`], keepStack: false });
  const found: Json[] = [];
  const fail = (error: Error): void => {
    throw error;
  };
  let depth = 0;
  tokenizer.onToken = (token) => {
    if (token.token === TokenType.LEFT_BRACE || token.token === TokenType.LEFT_BRACKET) depth++;
    if (token.token === TokenType.RIGHT_BRACE || token.token === TokenType.RIGHT_BRACKET) depth--;
    if (depth > DEPTH_MAX) throw new Error(`Values are nested more than ${DEPTH_MAX} deep.`);
    parser.write(token);
  };
  tokenizer.onError = fail;
  parser.onError = fail;
  parser.onValue = ({ value, key }) => {
    if (typeof key === 'number') found.push(value as Json);
  };
  return {
    found,
    get isComplete() {
      return parser.isEnded;
    },
    write: (text) => tokenizer.write(text),
  };
}
