import { spend, spendScan } from '../budget.js';
import { Failure, valueError } from '../error.js';
import { floatRepr } from '../formatting/float-repr.js';
import { quote } from '../formatting/quote.js';
import { Bytes } from '../values/bytes.js';
import { Callable } from '../values/callable.js';
import { Dict } from '../values/dict.js';
import { DictView } from '../values/dict-view.js';
import { Float, isWhole } from '../values/float.js';
import { Lazy } from '../values/lazy.js';
import { isHostDict, type Mapping, pairsOf, sizeOf } from '../values/mapping.js';
import { Markup } from '../values/markup.js';
import { Namespace } from '../values/namespace.js';
import { PythonObject } from '../values/python-object.js';
import { PySet } from '../values/set.js';
import { Temporal } from '../values/temporal.js';
import { Tuple } from '../values/tuple.js';
import { Undefined } from '../values/undefined.js';

/** Digits of an int that Python turns into text at most. */
const INT_DIGITS_MAX = 4300;

/** Python's `str(value)`: what `{{ }}` puts out. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Undefined) return '';
  if (value instanceof Markup) return value.markup;
  if (value instanceof Temporal) return value.toText();
  return repr(value);
}

/** Python's `repr(value)`: what an element of a printed list looks like. */
export function repr(value: unknown): string {
  switch (typeof value) {
    case 'string':
      spendScan(value.length);
      return quote(value);
    case 'number':
      return isWhole(value) ? (Object.is(value, -0) ? '0' : String(value)) : floatRepr(value);
    case 'bigint':
      return intText(value);
    case 'boolean':
      return value ? 'True' : 'False';
    default:
      return value === null || value === undefined ? 'None' : objectRepr(value);
  }
}

function objectRepr(value: object): string {
  return within(value, () => {
    if (Array.isArray(value)) spend(value.length * 2);
    if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
    if (value instanceof Dict || isHostDict(value)) return dictRepr(value);
    return value instanceof PythonObject ? pythonRepr(value) : '<object>';
  });
}

function pythonRepr(value: PythonObject): string {
  if (value instanceof Float) return floatRepr(value.value);
  if (value instanceof Tuple) return tupleRepr(value);
  if (value instanceof Temporal) return value.toRepr();
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof Markup) return `Markup(${quote(value.markup)})`;
  if (value instanceof DictView) return `${value.type}([${value.toArray().map(repr).join(', ')}])`;
  if (value instanceof PySet) return value.size ? `{${[...value.items()].map(repr).join(', ')}}` : 'set()';
  if (value instanceof Bytes) return bytesRepr(value.data);
  if (value instanceof Callable || value instanceof Lazy) return value.label;
  if (value instanceof Namespace) return `<Namespace ${repr(value.attributes)}>`;
  return value.type === 'TemplateReference' ? '<TemplateReference None>' : `<${value.type} object>`;
}

function tupleRepr({ items, fields, shownAs }: Tuple): string {
  if (shownAs && fields) return `${shownAs}(${fields.map((name, i) => `${name}=${repr(items[i])}`).join(', ')})`;
  return `(${items.map(repr).join(', ')}${items.length === 1 ? ',' : ''})`;
}

function dictRepr(value: Mapping): string {
  spend(sizeOf(value) * 8);
  return `{${pairsOf(value)
    .map(([key, item]) => `${repr(key)}: ${repr(item)}`)
    .join(', ')}}`;
}

/** An int's decimal digits; refused past 4,300, as in Python. */
export function intText(value: bigint): string {
  // 2^14285 has 4,301 digits: the bound is found without making the text.
  if (value > 2n ** 14400n || value < -(2n ** 14400n)) throw tooManyDigits();
  const digits = value.toString();
  if (digits.length - (value < 0n ? 1 : 0) > INT_DIGITS_MAX) throw tooManyDigits();
  return digits;
}

export const tooManyDigits = () => valueError('Exceeds the limit (4300 digits) for integer string conversion');

function bytesRepr(data: Uint8Array): string {
  const mark = data.includes(39) && !data.includes(34) ? '"' : "'";
  let out = '';
  for (const byte of data) {
    const char = String.fromCharCode(byte);
    if (char === mark || char === '\\') out += `\\${char}`;
    else if (char === '\n') out += '\\n';
    else if (char === '\r') out += '\\r';
    else if (char === '\t') out += '\\t';
    else if (byte < 32 || byte > 126) out += `\\x${byte.toString(16).padStart(2, '0')}`;
    else out += char;
  }
  return `b${mark}${out}${mark}`;
}

/** A list that holds itself must not print for ever. Depth stands in for identity: nothing honest nests this deep. */
const DEPTH_MAX = 500;
let depth = 0;
function within(_value: object, print: () => string): string {
  if (depth >= DEPTH_MAX)
    throw new Failure('RecursionError', 'maximum recursion depth exceeded while getting the repr of an object');
  depth++;
  try {
    return print();
  } finally {
    depth--;
  }
}
