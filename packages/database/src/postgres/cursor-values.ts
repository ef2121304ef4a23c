const NUMBERS = ['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'oid'];
const TIMES = ['date', 'timestamp', 'timestamptz'];
const TEXTS = ['text', 'varchar', 'bpchar', 'uuid', 'citext', 'name', 'time', 'timetz'];
/** Before everything else of the type, and after everything. */
const BOTH_ENDS = { low: '-Infinity', high: 'Infinity' };

/** Whether values of this type are moments or days. */
export function isTime(base: string): boolean {
  return TIMES.includes(base);
}

/** Whether values of this type are numbers. */
export function isNumber(base: string): boolean {
  return NUMBERS.includes(base);
}

/** Whether values of this type can be a cursor. */
export function canBeCursor(base: string): boolean {
  return isNumber(base) || isTime(base) || TEXTS.includes(base);
}

/** Conditions that tell the values of a cursor column that a mark can be from those that nothing comes after, or before. */
export interface CursorValues {
  /** Rows whose value can be a mark. */
  readonly ordinary: readonly string[];
  /** Rows with an infinity or NaN; undefined where the type has none. */
  readonly endless: string | undefined;
  /** One text for all texts of what is the same value to the server. */
  readonly form: (text: string) => string;
}

/** `1.50` and `1.5` are the same number, -0 and 0 too, and to `citext` small letters are large ones. */
function formOf(base: string): (text: string) => string {
  if (base === 'citext') return (text) => text.toLowerCase();
  if (base === 'numeric') return (text) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  return base.startsWith('float') ? (text) => (text === '-0' ? '0' : text) : (text) => text;
}

/**
 * @param column as SQL writes it
 * @param hasInfiniteNumerics `numeric` knows the infinities: 14 and later
 */
export function cursorValues(column: string, base: string, hasInfiniteNumerics: boolean): CursorValues {
  const of = (value: string): string => `'${value}'::${base}`;
  const form = formOf(base);
  if (base === 'numeric' && !hasInfiniteNumerics)
    return { ordinary: [`${column} < ${of('NaN')}`], endless: `${column} = ${of('NaN')}`, form };
  const isFloat = ['float4', 'float8', 'numeric'].includes(base);
  if (!isFloat && !isTime(base)) return { ordinary: [`${column} IS NOT NULL`], endless: undefined, form };
  const { low, high } = BOTH_ENDS;
  const endless = [low, high, ...(isFloat ? ['NaN'] : [])].map(of);
  return {
    ordinary: [`${column} > ${of(low)}`, `${column} < ${of(high)}`],
    endless: `${column} IN (${endless.join(', ')})`,
    form,
  };
}

/** Whether the text of a cursor is such a value: versions before this one went on from them. */
export function isEndless(value: string, base: string): boolean {
  return (base === 'numeric' || base.startsWith('float') || isTime(base)) && /^(-?infinity|nan)$/i.test(value);
}
