import { spendSize } from '../budget.js';
import { Failure, typeError } from '../error.js';
import { asDouble } from '../operations/number-arithmetic.js';
import { repr, text } from '../operations/text.js';
import { typeName } from '../operations/type-name.js';
import { Bytes } from '../values/bytes.js';
import { isFloat, isIntLike, isNumber, toDouble } from '../values/float.js';
import { getKey, isMapping } from '../values/mapping.js';
import { escapeHtml, isText, Markup, plain } from '../values/markup.js';
import { Tuple } from '../values/tuple.js';
import { Undefined } from '../values/undefined.js';
import { WIDTH_MAX } from './format-spec.js';
import { formatNumber } from './number-format.js';
import { asciiOnly } from './quote.js';

const FIELD = /%(?:\(((?:[^()]|\([^()]*\))*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+)?)?[hlL]?([\s\S])?/gu;

/** Python's `format % values`. Markup escapes what it takes in. */
export function formatPercent(format: string | Markup, values: unknown): string | Markup {
  const args = new Arguments(values);
  let size = 0;
  const render = (value: unknown) =>
    format instanceof Markup ? (value instanceof Markup ? value.markup : escapeHtml(text(value))) : text(value);
  const out = plain(format).replace(FIELD, (whole, key, flags, width, precision, type) => {
    const piece = whole === '%%' ? '%' : field(args, { whole, key, flags, width, precision, type }, render);
    size += piece.length;
    spendSize(size);
    return piece;
  });
  args.end();
  return format instanceof Markup ? new Markup(out) : out;
}

/** What a format takes its values from: a tuple in turn, a mapping by key, anything else once. */
class Arguments {
  private taken = 0;
  private askedByKey = false;
  private readonly list: readonly unknown[];

  constructor(private readonly values: unknown) {
    this.list = values instanceof Tuple ? values.items : [values];
  }

  next(): unknown {
    if (this.taken >= this.list.length) throw typeError('not enough arguments for format string');
    return this.list[this.taken++];
  }

  key(name: string): unknown {
    this.askedByKey = true;
    if (!isMapping(this.values)) throw this.refuse();
    const value = getKey(this.values, name);
    if (value === undefined) throw new Failure('KeyError', name);
    return value;
  }

  /** The failure of a key that is cut short: first of all there must be a mapping to look it up in. */
  incompleteKey(): Failure {
    return hasItems(this.values) ? new Failure('ValueError', 'incomplete format key') : this.refuse();
  }

  private refuse(): Failure {
    if (this.values instanceof Undefined) return this.values.fail();
    return typeError(hasItems(this.values) ? 'indices must be integers' : 'format requires a mapping');
  }

  end(): void {
    const { values } = this;
    if (this.askedByKey || this.taken >= this.list.length) return;
    // A mapping or list that no field asked for is forgiven; text and numbers are not.
    if (hasItems(values)) return;
    throw typeError('not all arguments converted during string formatting');
  }
}

/** Whether Python sees a mapping in it: anything with elements by key but text and tuples. */
function hasItems(value: unknown): boolean {
  return isMapping(value) || Array.isArray(value) || value instanceof Bytes || value instanceof Undefined;
}

interface Field {
  whole: string;
  key: string | undefined;
  flags: string;
  width: string | undefined;
  precision: string | undefined;
  type: string | undefined;
}

function field(
  args: Arguments,
  { whole, key, flags, width, precision, type }: Field,
  render: (value: unknown) => string,
): string {
  if (type === undefined) throw new Failure('ValueError', 'incomplete format');
  if (type === '(') throw args.incompleteKey();
  let wide = width === '*' ? star(args) : Number(width ?? 0);
  let left = flags.includes('-');
  if (wide < 0) {
    left = true;
    wide = -wide;
  }
  const digits =
    precision === '*'
      ? Math.max(0, star(args))
      : precision !== undefined
        ? Number(precision)
        : whole.includes('.')
          ? 0
          : undefined;
  if (wide > WIDTH_MAX || (digits ?? 0) > WIDTH_MAX)
    throw new Failure('BudgetError', 'the template was stopped: a field is too wide');
  const value = key === undefined ? args.next() : args.key(key);
  let body: string;
  if (type === 's' || type === 'r' || type === 'a') {
    const shown = type === 's' ? render(value) : type === 'r' ? repr(value) : asciiOnly(repr(value));
    body = digits === undefined ? shown : Array.from(shown).slice(0, digits).join('');
  } else if (type === 'c') body = character(value);
  else body = number(value, flags, digits, type, left ? 0 : wide);
  const missing = wide - Array.from(body).length;
  if (missing <= 0) return body;
  return left ? body + ' '.repeat(missing) : ' '.repeat(missing) + body;
}

function star(args: Arguments): number {
  const value = args.next();
  if (!isIntLike(value)) throw typeError('* wants int');
  return Number(value);
}

function character(value: unknown): string {
  if (isText(value) && Array.from(plain(value)).length === 1) return plain(value);
  if (!isIntLike(value)) throw typeError('%c requires int or char');
  if (Number(value) < 0 || Number(value) > 0x10ffff)
    throw new Failure('OverflowError', '%c arg not in range(0x110000)');
  return String.fromCodePoint(Number(value));
}

function number(value: unknown, flags: string, digits: number | undefined, type: string, width: number): string {
  const sign = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const zero = flags.includes('0') && width > 0;
  const spec = {
    fill: zero ? '0' : ' ',
    align: '=' as const,
    sign: sign as '' | '+' | ' ',
    noNegativeZero: false,
    grouping: '' as const,
  };
  const alternate = flags.includes('#');
  if ('eEfFgG'.includes(type)) {
    return formatNumber(float(value), { ...spec, alternate, width: zero ? width : 0, precision: digits ?? 6, type });
  }
  if (!'diuoxX'.includes(type)) throw new Failure('ValueError', `unsupported format character '${type}'`);
  const whole = integer(value, type);
  const radix = 'diu'.includes(type) ? 'd' : type;
  let body = formatNumber(whole < 0n ? -whole : whole, {
    ...spec,
    sign: '',
    alternate: false,
    width: 0,
    precision: undefined,
    type: radix,
  });
  body = body.padStart(digits ?? 0, '0');
  const head = (whole < 0n ? '-' : sign) + (alternate && radix !== 'd' ? `0${radix}` : '');
  return head + (zero ? body.padStart(width - head.length, '0') : body);
}

function float(value: unknown): number {
  if (value instanceof Undefined) throw value.fail();
  if (!isNumber(value)) throw typeError(`must be real number, not ${typeName(value)}`);
  return asDouble(value);
}

function integer(value: unknown, type: string): bigint {
  if (isIntLike(value)) return BigInt(value);
  if (isFloat(value) && 'diu'.includes(type)) {
    const double = toDouble(value);
    if (!Number.isFinite(double))
      throw new Failure(Number.isNaN(double) ? 'ValueError' : 'OverflowError', 'cannot convert float to integer');
    return BigInt(Math.trunc(double));
  }
  if (value instanceof Undefined && 'diu'.includes(type)) throw value.fail();
  throw typeError(
    `%${type} format: ${'diu'.includes(type) ? 'a real number' : 'an integer'} is required, not ${typeName(value)}`,
  );
}
