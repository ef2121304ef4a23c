import { FORMAT_LETTERS } from './datetime/directives.js';
import { SCAN_LETTERS } from './datetime/scan.js';
import type { Call, Data, Expression, Statement } from './syntax/ast.js';

/** Formats of the manifest language that stand alone. */
const WHOLE = new Set(['%s', '%s_as_float', '%ms', '%epoch_microseconds']);

type Report = (offset: number, message: string) => void;

/** Looks at the formats that a call gives as constants. */
export function checkFormats(node: Expression | Statement | Data, report: Report): void {
  if (node.kind !== 'call') return;
  if (node.callee.kind === 'name') checkMacro(node, node.callee.name, report);
  if (node.callee.kind !== 'attribute') return;
  if (node.callee.name === 'strftime') checkWritten(argument(node, 0, 'format'), report);
  if (node.callee.name === 'strptime') checkRead(argument(node, 1, ''), report);
}

function checkMacro(node: Call, name: string, report: Report): void {
  if (name === 'format_datetime') {
    checkWritten(argument(node, 1, 'format'), report, true);
    checkRead(argument(node, 2, 'input_format'), report);
  }
  if (name === 'day_delta') checkWritten(argument(node, 1, 'format'), report);
}

interface Format {
  text: string;
  offset: number;
}

function argument(node: Call, index: number, name: string): Format | undefined {
  const value = node.args.positional[index] ?? node.args.keywords.find((keyword) => keyword.name === name)?.value;
  return value?.kind === 'constant' && typeof value.value === 'string'
    ? { text: value.value, offset: value.offset }
    : undefined;
}

/** A format to write with: what the C library does not know it copies, which nobody means. */
function checkWritten(format: Format | undefined, report: Report, special = false): void {
  if (!format || WHOLE.has(format.text)) return;
  for (const [whole, letter] of format.text.replaceAll('%_ms', '').matchAll(/%[-_0^#]*\d*[EO]?([\s\S]|$)/g)) {
    if (letter === undefined || !FORMAT_LETTERS.has(letter))
      report(format.offset, `'${whole}' is no directive of a date format`);
  }
  const own = special ? [...WHOLE].find((word) => word !== '%s' && format.text.includes(word)) : undefined;
  if (own) report(format.offset, `'${own}' must be the whole format`);
}

/** A format to read with: what strptime does not know makes it fail. */
function checkRead(format: Format | undefined, report: Report): void {
  if (!format || WHOLE.has(format.text)) return;
  for (const [whole, letter] of format.text.replaceAll('%_ms', '').matchAll(/%([\s\S]|$)/g)) {
    if (letter === undefined || !SCAN_LETTERS.has(letter))
      report(format.offset, `'${whole}' is no directive that a date can be read by`);
  }
}
