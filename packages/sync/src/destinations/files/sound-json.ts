/** Halves of surrogate pairs, escaped, behind an even number of backslashes. */
const HALVES = String.raw`(^|[^\\])((?:\\\\)*)(?:\\ud[89a-f][0-9a-f]{2})+`;

/**
 * SQL of a JSON column that every reader takes: half a surrogate pair, which JavaScript can write and others refuse to read
 * together with the whole file, becomes U+FFFD.
 */
export function soundJson(name: string): string {
  return `CASE WHEN contains(${name}, '\\ud') THEN regexp_replace(${name}, '${HALVES}', '\\1\\2\ufffd', 'g') ELSE ${name} END`;
}
