import { pad2, pad6, Temporal } from './temporal.js';

/**
 * A fixed offset from UTC, in microseconds. Python has several classes of UTC; `shown` is the repr of the one at hand.
 */
export class Zone extends Temporal {
  readonly type: string;
  constructor(
    readonly offsetMicros: number,
    readonly name: string,
    readonly shown: string,
    type = 'timezone',
  ) {
    super();
    this.type = type;
  }

  toText(): string {
    return this.name;
  }

  toRepr(): string {
    return this.shown;
  }
}

/** `datetime.timezone.utc`, of `now_utc()`. */
export const UTC = new Zone(0, 'UTC', 'datetime.timezone.utc');

/** `pytz.utc`, of `str_to_datetime()`. */
export const PYTZ_UTC = new Zone(0, 'UTC', '<UTC>', 'UTC');

/** The zone of an offset, as `%z` reads it. `name` is what `%Z` read. */
export function fixedZone(offsetMicros: number, name?: string): Zone {
  if (offsetMicros === 0 && name === undefined) return UTC;
  const shown = `datetime.timezone(${deltaRepr(offsetMicros)}${name === undefined ? '' : `, '${name}'`})`;
  return new Zone(offsetMicros, name ?? (offsetMicros ? `UTC${offsetText(offsetMicros, ':')}` : 'UTC'), shown);
}

/** `+HH:MM`, with seconds and microseconds where there are any; `separator` is `:` or nothing. */
export function offsetText(offsetMicros: number, separator: string): string {
  const size = Math.abs(offsetMicros);
  const seconds = Math.floor(size / 1_000_000);
  const micros = size % 1_000_000;
  let out = `${offsetMicros < 0 ? '-' : '+'}${pad2(Math.floor(seconds / 3600))}${separator}${pad2(Math.floor(seconds / 60) % 60)}`;
  if (seconds % 60 || micros) out += `${separator}${pad2(seconds % 60)}`;
  if (micros) out += `.${pad6(micros)}`;
  return out;
}

function deltaRepr(offsetMicros: number): string {
  const days = Math.floor(offsetMicros / 86_400_000_000);
  const rest = offsetMicros - days * 86_400_000_000;
  const parts = [];
  if (days) parts.push(`days=${days}`);
  if (Math.floor(rest / 1_000_000)) parts.push(`seconds=${Math.floor(rest / 1_000_000)}`);
  if (rest % 1_000_000) parts.push(`microseconds=${rest % 1_000_000}`);
  return `datetime.timedelta(${parts.join(', ') || '0'})`;
}
