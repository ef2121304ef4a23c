import { isSpace } from '../methods/text-kind.js';
import { codePointLength, codePointSlice } from '../operations/code-points.js';

export interface WrapOptions {
  width: number;
  breakLong: boolean;
  breakHyphens: boolean;
}

const WHITE = '\\t\\n\\v\\f\\r ';
const LETTER = '\\p{L}\\p{M}\\p{N}_';
/** Where a line may be broken: at white space, after a hyphen within a word, around dashes. */
const HYPHENS = new RegExp(
  `([${WHITE}]+|(?<=[${LETTER}!"'&.,?])-{2,}(?=[${LETTER}])|[^${WHITE}]+?(?:-(?:(?<=[\\p{L}]{2}-)|(?<=[\\p{L}]-[\\p{L}]-))(?=[\\p{L}]-?[\\p{L}])|(?=[${WHITE}]|$)|(?<=[${LETTER}!"'&.,?])(?=-{2,}[${LETTER}])))`,
  'u',
);
const SIMPLE = new RegExp(`([${WHITE}]+)`);

/** Python's `textwrap.wrap` of one line, tabs and white space kept. */
export function wrapText(text: string, { width, breakLong, breakHyphens }: WrapOptions): string[] {
  const chunks = (breakHyphens ? splitHyphens(text) : text.split(SIMPLE)).filter(Boolean).reverse();
  const lines: string[] = [];
  while (chunks.length) {
    const line: string[] = [];
    let used = 0;
    if (lines.length && isWhite(chunks.at(-1))) chunks.pop();
    for (
      let chunk = chunks.at(-1);
      chunk !== undefined && used + codePointLength(chunk) <= width;
      chunk = chunks.at(-1)
    ) {
      line.push(chunk);
      used += codePointLength(chunk);
      chunks.pop();
    }
    const long = chunks.at(-1);
    if (long !== undefined && codePointLength(long) > width)
      breakWord(chunks, line, width - used, { width, breakLong, breakHyphens });
    if (line.length && isWhite(line.at(-1))) line.pop();
    if (line.length) lines.push(line.join(''));
  }
  return lines;
}

const isWhite = (chunk: string | undefined) => chunk !== undefined && (chunk === '' || isSpace(chunk));

function splitHyphens(text: string): string[] {
  return text.split(HYPHENS);
}

/** A word longer than a line is cut where the line ends, or gets a line of its own. */
function breakWord(
  chunks: string[],
  line: string[],
  left: number,
  { width, breakLong, breakHyphens }: WrapOptions,
): void {
  const word = chunks.at(-1) ?? '';
  const space = width < 1 ? 1 : left;
  if (breakLong) {
    let end = space;
    if (breakHyphens && codePointLength(word) > space) {
      const hyphen = codePointSlice(word, 0, space).lastIndexOf('-');
      if (hyphen > 0 && [...word.slice(0, hyphen)].some((char) => char !== '-')) end = hyphen + 1;
    }
    line.push(codePointSlice(word, 0, end));
    chunks[chunks.length - 1] = codePointSlice(word, end, codePointLength(word));
  } else if (line.length === 0) {
    line.push(chunks.pop() ?? '');
  }
}
