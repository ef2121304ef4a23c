import { spend } from '../budget.js';
import { Failure, typeError } from '../error.js';
import { sorted } from '../operations/sort.js';
import { intText, text } from '../operations/text.js';
import { typeName } from '../operations/type-name.js';
import { Dict } from '../values/dict.js';
import { isFloat, isIntLike, toDouble } from '../values/float.js';
import { isHostDict, type Mapping, pairsOf } from '../values/mapping.js';
import { isText, plain } from '../values/markup.js';
import { Tuple } from '../values/tuple.js';
import { Undefined } from '../values/undefined.js';
import { floatRepr } from './float-repr.js';

export interface JsonLayout {
  sortKeys?: boolean;
  /** A number of spaces or a text to set each level in by; None for one line. */
  indent?: unknown;
}

const DEPTH_MAX = 500;

/** Python's `json.dumps`: `, ` and `: ` between, everything beyond ASCII escaped. */
export function dumpJson(value: unknown, { sortKeys = false, indent }: JsonLayout): string {
  if (isText(value)) return quoteJson(plain(value));
  const step = indentText(indent);
  const dump = (item: unknown, depth: number): string => {
    spend(4);
    if (depth > DEPTH_MAX)
      throw new Failure('RecursionError', 'maximum recursion depth exceeded while encoding a JSON object');
    const scalar = dumpScalar(item);
    if (scalar !== undefined) return scalar;
    if (Array.isArray(item))
      return wrap(
        '[',
        ']',
        item.map((element) => dump(element, depth + 1)),
        step,
        depth,
      );
    if (item instanceof Tuple)
      return wrap(
        '[',
        ']',
        item.items.map((element) => dump(element, depth + 1)),
        step,
        depth,
      );
    if (!(item instanceof Dict) && !isHostDict(item))
      throw typeError(`Object of type ${typeName(item)} is not JSON serializable`);
    const pairs = dumpOrder(item, sortKeys).map(
      ([key, element]) => `${quoteJson(keyText(key))}: ${dump(element, depth + 1)}`,
    );
    return wrap('{', '}', pairs, step, depth);
  };
  return dump(value, 0);
}

function indentText(indent: unknown): string | undefined {
  if (indent === undefined || indent === null) return undefined;
  if (isText(indent)) return plain(indent);
  if (indent instanceof Undefined) throw indent.fail();
  if (isIntLike(indent)) return ' '.repeat(Math.max(0, Math.min(1000, Number(indent))));
  throw typeError(`can't multiply sequence by non-int of type '${typeName(indent)}'`);
}

function wrap(open: string, close: string, parts: string[], step: string | undefined, depth: number): string {
  if (parts.length === 0) return open + close;
  if (step === undefined) return open + parts.join(', ') + close;
  const inner = `\n${step.repeat(depth + 1)}`;
  return `${open}${inner}${parts.join(`,${inner}`)}\n${step.repeat(depth)}${close}`;
}

function dumpScalar(value: unknown): string | undefined {
  if (isText(value)) return quoteJson(plain(value));
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (isFloat(value)) return jsonFloat(toDouble(value));
  if (isIntLike(value)) return typeof value === 'bigint' ? intText(value) : String(value);
  return undefined;
}

function jsonFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return floatRepr(value);
}

function dumpOrder(mapping: Mapping, sortKeys: boolean): [unknown, unknown][] {
  const pairs = pairsOf(mapping);
  return sortKeys ? (sorted(pairs, (pair) => (pair as [unknown, unknown])[0]) as [unknown, unknown][]) : pairs;
}

function keyText(key: unknown): string {
  if (isText(key)) return plain(key);
  if (key === null || typeof key === 'boolean') return String(key);
  if (isFloat(key)) return jsonFloat(toDouble(key));
  if (isIntLike(key)) return text(key);
  throw typeError(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

const SHORT: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '\b': '\\b',
};

function quoteJson(value: string): string {
  spend(value.length);
  return `"${value.replace(/[^ !#-[\]-~]/g, (char) => SHORT[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;
}
