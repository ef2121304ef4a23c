import type { RowTexts } from '../row-decoder.js';
import type { CopiedRows } from './copy-out.js';

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** A field of COPY's text format without its escapes. */
export function unescapeCopy(field: string): string {
  return field.includes('\\') ? field.replace(/\\(.)/gs, (_, escaped: string) => ESCAPES[escaped] ?? escaped) : field;
}

/** The rows of a COPY as texts, `width` fields each; null is SQL's null. The array is used again for the next row. */
export function* copiedTexts(copied: CopiedRows, width: number): Generator<RowTexts> {
  const text = copied.buffer.toString('utf8', 0, copied.length);
  const fields: (string | null)[] = new Array(width).fill(null);
  const hasEscapes = text.includes('\\');
  const hasMore = tabs(text.slice(0, text.indexOf('\n'))) >= width;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    for (let i = 0; i < width; i++) {
      // The last column is followed by a tab only where fields come after it that belong to no record.
      const stop = i + 1 < width || hasMore ? text.indexOf('\t', at) : end;
      const field = text.slice(at, stop);
      fields[i] = field === '\\N' ? null : hasEscapes ? unescapeCopy(field) : field;
      at = stop + 1;
    }
    at = end + 1;
    yield fields;
  }
}

function tabs(row: string): number {
  return row.split('\t').length - 1;
}

/** The last `width` texts of the last row, which has as many: the others, which may be large, are not looked at. */
export function lastTexts({ buffer, length }: CopiedRows, width: number): (string | null)[] {
  let start = length - 1;
  for (let i = 0; i < width; i++) start = beforeField(buffer, start - 1);
  const fields = buffer.toString('utf8', start + 1, length - 1).split('\t');
  return fields.map((field) => (field === '\\N' ? null : unescapeCopy(field)));
}

/** The tab or newline before the field that `from` is in; -1 for the first field of all. */
function beforeField(buffer: Buffer, from: number): number {
  let at = from;
  while (at >= 0 && buffer[at] !== 9 && buffer[at] !== 10) at--;
  return at;
}

/**
 * The last `width` fields of the last rows, for as long as the first of them is the same as in the last row; from the end.
 * Undefined when there are more than `most` of such rows. `form` gives one text for all that are the same.
 */
export function tailTexts(
  copied: CopiedRows,
  width: number,
  most: number,
  form: (text: string) => string,
): (string | null)[][] | undefined {
  const { buffer } = copied;
  const formOf = (text: string | null | undefined): string | null => (text == null ? null : form(text));
  const found: (string | null)[][] = [];
  for (let end = copied.length - 1; end > 0; ) {
    const start = buffer.lastIndexOf(10, end - 1) + 1;
    const fields = buffer.toString('utf8', start, end).split('\t').slice(-width);
    const texts = fields.map((field) => (field === '\\N' ? null : unescapeCopy(field)));
    if (found.length > 0 && formOf(texts[0]) !== formOf(found[0]![0])) break;
    if (found.length >= most) return undefined;
    found.push(texts);
    end = start - 1;
  }
  return found;
}
