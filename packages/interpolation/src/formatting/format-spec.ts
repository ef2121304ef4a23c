import { Failure } from '../error.js';

/** Python's format specification, `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`. */
export interface FormatSpec {
  fill: string;
  align: '' | '<' | '>' | '=' | '^';
  sign: '' | '+' | '-' | ' ';
  noNegativeZero: boolean;
  alternate: boolean;
  width: number;
  grouping: '' | ',' | '_';
  precision: number | undefined;
  type: string;
}

const SPEC =
  /^(?:(?<fill>[\s\S])(?=[<>=^]))?(?<align>[<>=^])?(?<sign>[+\- ])?(?<z>z)?(?<alternate>#)?(?<zero>0)?(?<width>\d+)?(?<grouping>[,_])?(?:\.(?<precision>\d+))?(?<type>[\s\S])?$/u;

/** Widest field: a wider one is an attack. */
export const WIDTH_MAX = 1_000_000;

export function parseFormatSpec(text: string): FormatSpec {
  const groups = SPEC.exec(text)?.groups;
  if (!groups) throw new Failure('ValueError', `Invalid format specifier '${text}'`);
  const zero = groups.zero !== undefined && groups.fill === undefined;
  const spec: FormatSpec = {
    fill: groups.fill ?? (zero ? '0' : ' '),
    align: (groups.align ?? (zero ? '=' : '')) as FormatSpec['align'],
    sign: (groups.sign ?? '') as FormatSpec['sign'],
    noNegativeZero: groups.z !== undefined,
    alternate: groups.alternate !== undefined,
    width: Number(groups.width ?? 0),
    grouping: (groups.grouping ?? '') as FormatSpec['grouping'],
    precision: groups.precision === undefined ? undefined : Number(groups.precision),
    type: groups.type ?? '',
  };
  if (spec.width > WIDTH_MAX || (spec.precision ?? 0) > WIDTH_MAX)
    throw new Failure('BudgetError', 'the template was stopped: a field is too wide');
  return spec;
}

/** Groups the digits of a whole number, three or four at a time. */
export function group(digits: string, separator: string, size = 3): string {
  if (separator === '') return digits;
  const parts: string[] = [];
  for (let end = digits.length; end > 0; end -= size) parts.unshift(digits.slice(Math.max(0, end - size), end));
  return parts.join(separator);
}
