import { createRequire } from 'node:module';
import { component } from '../../component/index.js';
import { replaceRecord } from './change-record.js';
import { renameKeys } from './rename-keys.js';
import { type Transformation, transformationSlot } from './slot.js';

const WORD = /[A-Z]+[a-z]*|[a-z]+|\d+|[^a-zA-Z\d]+/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is meant
const ASCII = /^[\x00-\x7f]*$/;

let transliterate: ((text: string) => string) | undefined;

/** Text in ASCII: `Größe` is `Grosse`. The tables are loaded with the first name that needs them. */
function toAscii(text: string): string {
  if (ASCII.test(text)) return text;
  transliterate ??= (createRequire(import.meta.url)('any-ascii') as { default: (text: string) => string }).default;
  return transliterate(text);
}

/** `userID` is `user_id`, `Last Name` `last_name`, `2ndLine` `_2_nd_line`. */
function toSnakeCase(key: string): string {
  const words = (toAscii(key).match(WORD) ?? []).map((word) => (/^[a-zA-Z\d]/.test(word) ? word.toLowerCase() : ''));
  // What is no word counts only at the ends: there it leaves an underscore.
  const kept = words.filter((word, i) => word !== '' || i === 0 || i === words.length - 1);
  if (/^\d/.test(kept[0] ?? '')) kept.unshift('');
  return kept.join('_');
}

export const keysToSnakeCase = component('KeysToSnakeCase', {
  slot: transformationSlot,
  doc: 'Writes the names of fields in snake case, in objects within objects too.',
  fields: {},
  examples: [{ type: 'KeysToSnakeCase' }],
  build: (): Transformation => {
    const known = new Map<string, string>();
    const rename = (key: string): string => {
      let name = known.get(key);
      if (name === undefined) {
        name = toSnakeCase(key);
        if (known.size < 10_000) known.set(key, name);
      }
      return name;
    };
    return { transform: (record) => replaceRecord(record, renameKeys(record, rename, 'deep')) };
  },
});
