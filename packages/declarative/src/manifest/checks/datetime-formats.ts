/** What can be said of a datetime format without knowing what it is used on. */
export interface FormatProblem {
  message: string;
  /** True when values can still be written in it, though none can be read. */
  isWriteOnly?: boolean;
}

const WHOLE = new Set(['%s', '%s_as_float', '%epoch_microseconds', '%ms']);
const READABLE = 'aAwdbBmyYHIpMSfzZjUWcxX%GuV';
// What the C library writes, but nothing reads back.
const WRITABLE = 'CDeFghklnPrRstT+';

/** What is wrong with a format of `strptime`/`strftime`; undefined when nothing is. */
export function formatProblem(format: string): FormatProblem | undefined {
  if (WHOLE.has(format)) return undefined;
  if (!format.includes('%')) return { message: `'${format}' has no directive such as %Y, so it names no moment` };
  const directives = [...format.replaceAll('%_ms', '%f').matchAll(/%([-_0^#]?)(.?)/gs)];
  for (const [text, flag, letter] of directives) {
    if (letter === '') return { message: `the format '${format}' ends in a lone %` };
    if (!READABLE.includes(letter as string) && !WRITABLE.includes(letter as string))
      return { message: `'${text}' in the format '${format}' is no directive` };
    if (flag !== '' || !READABLE.includes(letter as string)) {
      return { message: `'${text}' in the format '${format}' can be written but not read back`, isWriteOnly: true };
    }
  }
  const letters = directives.map(([, , letter]) => letter);
  const twice = letters.find((letter, i) => letter !== '%' && letters.indexOf(letter) !== i);
  if (twice)
    return {
      message: `'%${twice}' stands twice in the format '${format}', so nothing can be read by it`,
      isWriteOnly: true,
    };
  return undefined;
}

/** A format that reads well and means something else: minutes where the month should be, months where minutes should. */
export function formatDoubt(format: string): string | undefined {
  const has = (letter: string): boolean => format.includes(`%${letter}`);
  if (has('M') && !has('m') && !has('b') && !has('B') && !has('j') && has('d'))
    return '%M is minutes, and there is no month (%m) in this format';
  if (has('m') && has('H') && !has('M') && /%H[:.]?%m/.test(format))
    return '%m is the month, and it stands where minutes (%M) should';
  return undefined;
}

const PATTERNS: Readonly<Record<string, string>> = {
  Y: '\\d{4}',
  y: '\\d{2}',
  m: '(?:1[0-2]|0?[1-9])',
  d: '(?:3[01]|[12]\\d|0?[1-9]| [1-9])',
  H: '(?:2[0-3]|[01]?\\d)',
  I: '(?:1[0-2]|0?[1-9])',
  M: '[0-5]?\\d',
  S: '(?:6[01]|[0-5]?\\d)',
  f: '\\d{1,6}',
  j: '\\d{1,3}',
  p: '(?:am|pm)',
  z: '(?:[+-]\\d{2}:?[0-5]\\d(?::?[0-5]\\d(?:\\.\\d{1,6})?)?|z)',
  Z: '(?:utc|gmt|[a-z]{3,4})?',
  '%': '%',
};

/** Whether a text can be read by a format; undefined when this cannot be said without a calendar. */
export function readsAs(text: string, format: string): boolean | undefined {
  if (format === '%s' || format === '%ms' || format === '%epoch_microseconds') return /^\s*[+-]?\d+\s*$/.test(text);
  if (format === '%s_as_float') return /^\s*[+-]?\d+(\.\d*)?\s*$/.test(text);
  let pattern = '';
  for (const [, letter, plain] of format.replaceAll('%_ms', '%f').matchAll(/%(.)|([^%]+)/gs)) {
    const known = letter === undefined ? undefined : PATTERNS[letter];
    if (letter !== undefined && known === undefined) return undefined;
    pattern += known ?? (plain as string).replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&').replace(/\s+/g, '\\s+');
  }
  return new RegExp(`^${pattern}$`, 'i').test(text);
}

const DURATION =
  /^[+-]?P(?!$)(?:\d+(?:[.,]\d+)?Y)?(?:\d+(?:[.,]\d+)?M)?(?:\d+(?:[.,]\d+)?W)?(?:\d+(?:[.,]\d+)?D)?(?:T(?!$)(?:\d+(?:[.,]\d+)?H)?(?:\d+(?:[.,]\d+)?M)?(?:\d+(?:[.,]\d+)?S)?)?$/;
const LONG_DURATION = /^[+-]?P\d{4}-?\d{2,3}(?:-?\d{2})?(?:T\d{2}:?\d{2}(?::?\d{2}(?:\.\d+)?)?)?$/;

/** True for an ISO 8601 duration. */
export function isDuration(text: string): boolean {
  return DURATION.test(text) || LONG_DURATION.test(text);
}
