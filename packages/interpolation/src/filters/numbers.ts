import { spend } from '../budget.js';
import { Failure, typeError } from '../error.js';
import { fixedDigits, roundDouble } from '../formatting/decimal-digits.js';
import { intArgument } from '../methods/arguments.js';
import { arithmetic, negative } from '../operations/arithmetic.js';
import { toFloat, truncate } from '../operations/convert.js';
import { text } from '../operations/text.js';
import { truth } from '../operations/truth.js';
import { typeName } from '../operations/type-name.js';
import { Float, float, int, isIntLike, isNumber, toDouble } from '../values/float.js';
import { TimeDelta } from '../values/time-delta.js';
import type { Filter } from '../word.js';
import { example, filter } from './define.js';

function abs([value]: unknown[]): unknown {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'bigint') return int(value < 0n ? -value : value);
  if (value instanceof Float) return float(Math.abs(value.value));
  if (typeof value === 'number') return Math.abs(value);
  if (value instanceof TimeDelta) return value.days < 0 ? negative(value) : value;
  throw typeError(`bad operand type for abs(): '${typeName(value)}'`);
}

function round([value, precision, method]: unknown[]): unknown {
  const how = method === undefined ? 'common' : text(method);
  if (!['common', 'ceil', 'floor'].includes(how))
    throw new Failure('FilterArgumentError', 'method must be common, ceil or floor');
  const places = precision === undefined ? 0 : precision;
  if (how === 'common') return roundCommon(value, places);
  const scale = arithmetic(10, '**', places);
  const scaled = arithmetic(value, '*', scale);
  if (!isNumber(scaled)) throw typeError(`must be real number, not ${typeName(scaled)}`);
  const whole = isIntLike(scaled)
    ? scaled
    : truncate(how === 'ceil' ? Math.ceil(toDouble(scaled)) : Math.floor(toDouble(scaled)));
  return arithmetic(whole, '/', scale);
}

/** Python's `round`: halves to the even digit. None as precision makes an int. */
function roundCommon(value: unknown, precision: unknown): unknown {
  if (!isNumber(value)) throw typeError(`type ${typeName(value)} doesn't define __round__ method`);
  if (isIntLike(value)) {
    if (precision === null) return typeof value === 'boolean' ? Number(value) : value;
    return roundInt(BigInt(value), intArgument(precision, 0));
  }
  if (precision === null) return truncate(roundDouble(toDouble(value), 0));
  const places = intArgument(precision, 0);
  spend(Math.min(400, Math.abs(places)));
  return float(roundDouble(toDouble(value), places));
}

function roundInt(value: bigint, places: number): unknown {
  if (places >= 0) return int(value);
  if (-places > 5000) return 0;
  const unit = 10n ** BigInt(-places);
  const size = value < 0n ? -value : value;
  const rest = size % unit;
  let rounded = size - rest;
  if (rest * 2n > unit || (rest * 2n === unit && (rounded / unit) % 2n === 1n)) rounded += unit;
  return int(value < 0n ? -rounded : rounded);
}

function fileSize([value, binary]: unknown[]): string {
  const bytes = toDouble(toFloat(value));
  const useBinary = truth(binary ?? false);
  const base = useBinary ? 1024 : 1000;
  if (bytes === 1) return '1 Byte';
  if (bytes < base) {
    if (!Number.isFinite(bytes)) throw new Failure('OverflowError', 'cannot convert float infinity to integer');
    return `${Math.trunc(bytes)} Bytes`;
  }
  if (Number.isNaN(bytes)) return `nan ${useBinary ? 'YiB' : 'YB'}`;
  const prefixes = useBinary
    ? ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB']
    : ['kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
  let index = 0;
  while (index < prefixes.length - 1 && bytes >= base ** (index + 2)) index++;
  const scaled = (base * bytes) / base ** (index + 2);
  return `${Number.isFinite(scaled) ? fixedDigits(scaled, 1) : 'inf'} ${prefixes[index]}`;
}

export const numberFilters: readonly Filter[] = [
  filter('abs', 'value', 'The number without its sign.', [example('{{ (-3) | abs }}', 3)], abs),
  filter(
    'round',
    "value, precision=0, method='common'",
    'The number rounded to a number of digits: to the nearest, `ceil` up or `floor` down.',
    [example('{{ 42.55 | round(1, "floor") }}', 42.5), example('{{ 2.5 | round }}', 2)],
    round,
  ),
  filter(
    'filesizeformat',
    'value, binary=False',
    'A number of bytes as one reads it.',
    [example('{{ 13000 | filesizeformat }}', '13.0 kB')],
    fileSize,
  ),
];
