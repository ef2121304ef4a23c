/** Microseconds since the epoch of a cursor value; NaN when the slow way must be taken (or the value cannot be read). */
export type QuickMicros = (value: unknown) => number;

/** A number of fixed width, or a character that must stand there. */
type Piece =
  | { field: 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'; width: number }
  | 'fraction'
  | 'zone'
  | number;

const FIELDS: Record<string, Piece> = {
  Y: { field: 'year', width: 4 },
  m: { field: 'month', width: 2 },
  d: { field: 'day', width: 2 },
  H: { field: 'hour', width: 2 },
  M: { field: 'minute', width: 2 },
  S: { field: 'second', width: 2 },
  f: 'fraction',
  z: 'zone',
};
/** Microseconds of one, for formats that count. */
const COUNTS: Record<string, number> = { '%s': 1_000_000, '%ms': 1000, '%epoch_microseconds': 1 };

/**
 * A fast reader for the values that nearly all records have: numbers that count from the epoch, and texts whose fields have
 * their full width. It accepts nothing that the format itself does not; what it leaves to the slow way is NaN.
 */
export function quickMicros(source: string): QuickMicros {
  const unit = Object.hasOwn(COUNTS, source) ? COUNTS[source]! : undefined;
  if (unit !== undefined) return countMicros(unit);
  const pieces = piecesOf(source);
  return pieces ? textMicros(pieces) : () => Number.NaN;
}

function countMicros(unit: number): QuickMicros {
  return (value) => {
    const count =
      typeof value === 'number'
        ? Math.trunc(value)
        : typeof value === 'string' && /^\d{1,16}$/.test(value)
          ? Number(value)
          : Number.NaN;
    // Adding zero makes of minus zero the zero that it is.
    const micros = count * unit + 0;
    return Number.isSafeInteger(micros) && inRange(micros) ? micros : Number.NaN;
  };
}

function piecesOf(source: string): Piece[] | undefined {
  const pieces: Piece[] = [];
  for (const [part] of source.replaceAll('%_ms', '%f').matchAll(/%.|[^%]/gs)) {
    if (part[0] !== '%') pieces.push(part.charCodeAt(0));
    else if (Object.hasOwn(FIELDS, part[1]!) && !pieces.includes(FIELDS[part[1]!]!)) pieces.push(FIELDS[part[1]!]!);
    else return undefined;
  }
  // White space stands for any amount of it, and a fraction that digits follow can be read in several ways.
  const isPlain = pieces.every((piece, i) => piece !== 'fraction' || typeof pieces[i + 1] !== 'object');
  return isPlain && !/\s{2}|^\s|\s$|%f\d/.test(source.replaceAll('%_ms', '%f')) ? pieces : undefined;
}

function textMicros(pieces: readonly Piece[]): QuickMicros {
  return (value) => {
    if (typeof value !== 'string') return Number.NaN;
    const now = { year: 1900, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
    let rest = 0;
    let at = 0;
    for (const piece of pieces) {
      if (typeof piece === 'number') {
        if (value.charCodeAt(at++) !== piece) return Number.NaN;
      } else if (typeof piece === 'object') {
        const number = digits(value, at, piece.width);
        if (number < 0) return Number.NaN;
        now[piece.field] = number;
        at += piece.width;
      } else if (piece === 'fraction') {
        const length = digitCount(value, at);
        if (length < 1 || length > 6) return Number.NaN;
        rest += digits(value, at, length) * 10 ** (6 - length);
        at += length;
      } else {
        const [offset, length] = zoneMicros(value, at);
        if (length === 0) return Number.NaN;
        rest -= offset;
        at += length;
      }
    }
    if (at !== value.length || now.hour > 23 || now.minute > 59 || now.second > 59) return Number.NaN;
    const micros =
      daysFromEpoch(now.year, now.month, now.day) * 86_400_000_000 +
      ((now.hour * 60 + now.minute) * 60 + now.second) * 1_000_000 +
      rest;
    return inRange(micros) ? micros : Number.NaN;
  };
}

/** Years 1700 to 2255: beyond them doubles do not hold microseconds. */
function inRange(micros: number): boolean {
  return micros > -8_500_000_000_000_000 && micros < 9_000_000_000_000_000;
}

function digits(text: string, at: number, width: number): number {
  let number = 0;
  for (let i = at; i < at + width; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    number = number * 10 + digit;
  }
  return number;
}

function digitCount(text: string, at: number): number {
  let end = at;
  while (text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++;
  return end - at;
}

/** `Z`, `+hhmm` or `+hh:mm`: the offset and how long its text is. */
function zoneMicros(text: string, at: number): [offset: number, length: number] {
  const sign = text[at];
  if (sign === 'Z') return [0, 1];
  const colon = text[at + 3] === ':' ? 1 : 0;
  const [hours, minutes] = [digits(text, at + 1, 2), digits(text, at + 3 + colon, 2)];
  if ((sign !== '+' && sign !== '-') || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return [0, 0];
  return [(sign === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000_000, 5 + colon];
}

/** NaN when there is no such day. */
function daysFromEpoch(year: number, month: number, day: number): number {
  if (month < 1 || month > 12 || day < 1 || day > 31) return Number.NaN;
  if (day > 28 && day > daysIn(year, month)) return Number.NaN;
  // Years begin in March here, so that the leap day ends them.
  const years = month > 2 ? year : year - 1;
  const era = Math.floor(years / 400);
  const ofEra = years - era * 400;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
