import { spendSize } from '../budget.js';
import { Failure } from '../error.js';
import { getAttribute } from '../operations/attribute.js';
import { getItem } from '../operations/item.js';
import { repr, text } from '../operations/text.js';
import { formatValue } from './format-value.js';
import { asciiOnly } from './quote.js';

type Named = (key: string) => unknown;

/** How deep fields may nest within format specifications: one level, as in Python. */
const DEPTH_MAX = 2;

/**
 * Python's `format.format(*args, **named)`, as the sandbox does it: attributes and items of a field are read by the
 * template's own rules, so `{0.__class__}` reaches nothing.
 */
export function braceFormatter(format: string, args: unknown[], named: Named): string {
  const state = { next: 0 as number | undefined };
  return expand(format, args, named, state, DEPTH_MAX);
}

function expand(
  format: string,
  args: unknown[],
  named: Named,
  state: { next: number | undefined },
  depth: number,
): string {
  if (depth < 0) throw refuse('Max string recursion exceeded');
  let out = '';
  let at = 0;
  while (at < format.length) {
    const char = format[at];
    if (char !== '{' && char !== '}') {
      const found = format.slice(at).search(/[{}]/);
      const end = found < 0 ? format.length : at + found;
      out += format.slice(at, end);
      at = end;
    } else if (format[at + 1] === char) {
      out += char;
      at += 2;
    } else if (char === '}') throw refuse("Single '}' encountered in format string");
    else {
      const end = closing(format, at + 1);
      out += field(format.slice(at + 1, end), args, named, state, depth);
      spendSize(out.length);
      at = end + 1;
    }
  }
  return out;
}

const refuse = (message: string) => new Failure('ValueError', message);

function closing(format: string, from: number): number {
  let depth = 1;
  let bracket = false;
  let named = true;
  for (let i = from; i < format.length; i++) {
    const char = format[i];
    if (named && char === '[') bracket = true;
    else if (bracket) bracket = char !== ']';
    else if (char === ':' || char === '!') named = false;
    else if (char === '{') depth++;
    else if (char === '}' && --depth === 0) return i;
  }
  throw refuse(from >= format.length ? "Single '{' encountered in format string" : "expected '}' before end of string");
}

function field(
  source: string,
  args: unknown[],
  named: Named,
  state: { next: number | undefined },
  depth: number,
): string {
  const [, name = '', conversion, spec = ''] =
    /^((?:\[[^\]]*\]|[^!:[{}])*)(?:!([^:]*))?(?::([\s\S]*))?$/.exec(source) ?? [];
  if (!/^(?:\[[^\]]*\]|[^!:[{}])*(?:!|:|$)/.test(source)) throw refuse("unexpected '{' in field name");
  const value = lookUp(name, args, named, state);
  const converted = convert(value, conversion);
  return formatValue(converted, expand(spec, args, named, state, depth - 1));
}

function lookUp(name: string, args: unknown[], named: Named, state: { next: number | undefined }): unknown {
  const [first = ''] = /^[^.[]*/.exec(name) ?? [];
  let key = first;
  if (first === '') {
    if (state.next === undefined)
      throw refuse('cannot switch from manual field specification to automatic field numbering');
    key = String(state.next++);
  } else if (/^\d+$/.test(first)) {
    if (state.next) throw refuse('cannot switch from automatic field numbering to manual field specification');
    state.next = undefined;
  }
  let value: unknown;
  if (/^\d+$/.test(key)) {
    if (Number(key) >= args.length)
      throw new Failure('IndexError', `Replacement index ${key} out of range for positional args tuple`);
    value = args[Number(key)];
  } else {
    value = named(key);
    if (value === undefined) throw new Failure('KeyError', key);
  }
  return follow(value, name.slice(first.length));
}

function follow(start: unknown, path: string): unknown {
  let value = start;
  let rest = path;
  while (rest !== '') {
    const step = /^(?:\.([^.[]+)|\[([^\]]+)\])/.exec(rest);
    if (!step) throw refuse(rest.startsWith('[') ? "Missing ']' in format string" : 'Empty attribute in format string');
    const [whole, attribute, item = ''] = step;
    if (attribute !== undefined) value = getAttribute(value, attribute);
    else value = getItem(value, /^\d+$/.test(item) ? Number(item) : item);
    rest = rest.slice(whole.length);
    if (item && rest !== '' && !/^[.[]/.test(rest))
      throw refuse("Only '.' or '[' may follow ']' in format field specifier");
  }
  return value;
}

function convert(value: unknown, conversion: string | undefined): unknown {
  if (conversion === undefined) return value;
  if (conversion === 's') return text(value);
  if (conversion === 'r') return repr(value);
  if (conversion === 'a') return asciiOnly(repr(value));
  throw refuse(`Unknown conversion specifier ${conversion}`);
}
