import { type Json, parseJson } from '@tidemark/protocol';
import { charsetOf, decodeText } from '../../http/response.js';

/** True when the content type names UTF-8 or no charset at all. */
export function isUtf8(contentType: string | undefined): boolean {
  return ['utf-8', 'utf8', undefined].includes(charsetOf(contentType));
}

/** The text of a JSON document. JSON is UTF-8, whatever its content type says; only what is not is read as that. */
export function jsonText(bytes: Uint8Array, contentType: string | undefined): string {
  if (isUtf8(contentType)) return decodeText(bytes, undefined);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return decodeText(bytes, contentType);
  }
}

// Strings first, so that the words inside them are left alone.
const STRING_OR_WORD = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

/**
 * Parses JSON, exact numbers kept; NaN and Infinity, which Python services write and JSON does not know, become null.
 * Throws SyntaxError.
 */
export function parseTolerant(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    return parseJson(text.replace(STRING_OR_WORD, (part) => (part.startsWith('"') ? part : 'null')));
  }
}
