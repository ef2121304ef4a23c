import { spendSize } from '../budget.js';
import { Failure } from '../error.js';
import { SPACE } from '../methods/text-kind.js';
import { splitLines } from '../methods/text-split.js';
import { codePointLength } from '../operations/code-points.js';
import { before } from '../operations/ordering.js';
import { repr } from '../operations/text.js';
import { typeName } from '../operations/type-name.js';
import { isMapping, type Mapping, pairsOf } from '../values/mapping.js';
import { Tuple } from '../values/tuple.js';

const WIDTH = 80;
const DEPTH_MAX = 200;
const WORDS = new RegExp(`[^${SPACE}]*[${SPACE}]*`, 'g');

/** Where a value stands: how far it is set in, how many brackets follow on its line, how deep it is. */
interface Place {
  indent: number;
  allowance: number;
  level: number;
}

/** Python's `pprint.pformat`: one line when it fits into 80 characters, else one element a line; dicts in order. */
export function prettyPrint(value: unknown): string {
  return format(value, { indent: 0, allowance: 0, level: 0 });
}

function format(value: unknown, place: Place): string {
  if (place.level > DEPTH_MAX) throw new Failure('RecursionError', 'maximum recursion depth exceeded');
  const line = oneLine(value);
  spendSize(line.length);
  if (codePointLength(line) <= WIDTH - place.indent - place.allowance) return line;
  const inner = { ...place, level: place.level + 1 };
  if (isMapping(value)) return `{${formatPairs(value, { ...inner, allowance: place.allowance + 1 })}}`;
  if (Array.isArray(value)) return `[${formatItems(value, { ...inner, allowance: place.allowance + 1 })}]`;
  if (value instanceof Tuple && !value.shownAs) {
    const end = value.items.length === 1 ? ',)' : ')';
    return `(${formatItems(value.items, { ...inner, allowance: place.allowance + end.length })}${end}`;
  }
  return typeof value === 'string' ? formatText(value, inner) : line;
}

/** The repr, dicts in order. */
function oneLine(value: unknown): string {
  if (isMapping(value))
    return `{${sortedPairs(value)
      .map(([key, item]) => `${oneLine(key)}: ${oneLine(item)}`)
      .join(', ')}}`;
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  if (!(value instanceof Tuple) || value.shownAs) return repr(value);
  return `(${value.items.map(oneLine).join(', ')}${value.items.length === 1 ? ',' : ''})`;
}

/** Pairs by key; keys that have no order among them by the names of their types. */
function sortedPairs(mapping: Mapping): [unknown, unknown][] {
  const comesBefore = (a: unknown, b: unknown) => {
    try {
      return before(a, b);
    } catch {
      return typeName(a) < typeName(b);
    }
  };
  return pairsOf(mapping).sort(([a], [b]) => (comesBefore(a, b) ? -1 : comesBefore(b, a) ? 1 : 0));
}

function formatPairs(mapping: Mapping, { indent, allowance, level }: Place): string {
  const pairs = sortedPairs(mapping);
  const lines = pairs.map(([key, item], index) => {
    const name = oneLine(key);
    const last = index === pairs.length - 1;
    const place = { indent: indent + 1 + codePointLength(name) + 2, allowance: last ? allowance : 1, level };
    return `${name}: ${format(item, place)}`;
  });
  return lines.join(`,\n${' '.repeat(indent + 1)}`);
}

function formatItems(items: readonly unknown[], { indent, allowance, level }: Place): string {
  const lines = items.map((item, index) =>
    format(item, { indent: indent + 1, allowance: index === items.length - 1 ? allowance : 1, level }),
  );
  return lines.join(`,\n${' '.repeat(indent + 1)}`);
}

/** Text that is too long becomes several texts, one below the other, broken at line ends and between words. */
function formatText(value: string, { indent: outer, allowance: outerAllowance, level }: Place): string {
  const top = level === 1;
  const indent = outer + (top ? 1 : 0);
  const allowance = outerAllowance + (top ? 1 : 0);
  const lines = splitLines(value, true);
  const chunks = lines.flatMap((line, index) => {
    const last = index === lines.length - 1;
    const width = WIDTH - indent;
    if (codePointLength(repr(line)) <= width - (last ? allowance : 0)) return [repr(line)];
    return breakLine(line, width, last ? allowance : 0);
  });
  if (chunks.length === 1) return repr(lines.at(-1));
  const body = chunks.join(`\n${' '.repeat(indent)}`);
  return top ? `(${body})` : body;
}

function breakLine(line: string, width: number, allowance: number): string[] {
  const parts = (line.match(WORDS) ?? []).filter(Boolean);
  const chunks: string[] = [];
  let current = '';
  for (const [index, part] of parts.entries()) {
    const limit = index === parts.length - 1 ? width - allowance : width;
    if (codePointLength(repr(current + part)) > limit) {
      if (current) chunks.push(repr(current));
      current = part;
    } else current += part;
  }
  if (current) chunks.push(repr(current));
  return chunks;
}
