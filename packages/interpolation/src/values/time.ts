import { valueError } from '../error.js';
import { pad2, pad6, Temporal } from './temporal.js';
import { offsetText, type Zone } from './zone.js';

export interface Clock {
  hour: number;
  minute: number;
  second: number;
  microsecond: number;
}

/** Microseconds since midnight; checks the ranges as Python's constructors do. */
export function clockMicros(hour: number, minute: number, second: number, microsecond: number): number {
  if (!(hour >= 0 && hour <= 23)) throw valueError('hour must be in 0..23');
  if (!(minute >= 0 && minute <= 59)) throw valueError('minute must be in 0..59');
  if (!(second >= 0 && second <= 59)) throw valueError('second must be in 0..59');
  if (!(microsecond >= 0 && microsecond <= 999_999)) throw valueError('microsecond must be in 0..999999');
  return ((hour * 60 + minute) * 60 + second) * 1_000_000 + microsecond;
}

export function splitClock(micros: number): Clock {
  const seconds = Math.floor(micros / 1_000_000);
  return {
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    microsecond: micros % 1_000_000,
  };
}

/** `HH:MM:SS` with six digits of fraction where there are any. */
export function clockText({ hour, minute, second, microsecond }: Clock): string {
  return `${pad2(hour)}:${pad2(minute)}:${pad2(second)}${microsecond ? `.${pad6(microsecond)}` : ''}`;
}

/** The repr's arguments: seconds and microseconds only where needed. */
export function clockArguments({ hour, minute, second, microsecond }: Clock): string {
  return `${hour}, ${minute}${second || microsecond ? `, ${second}` : ''}${microsecond ? `, ${microsecond}` : ''}`;
}

/** A time of day; `micros` counts from midnight. */
export class Time extends Temporal {
  readonly type = 'time';
  constructor(
    readonly micros: number,
    readonly zone?: Zone,
  ) {
    super();
  }

  get clock(): Clock {
    return splitClock(this.micros);
  }

  toText(): string {
    return clockText(this.clock) + (this.zone ? offsetText(this.zone.offsetMicros, ':') : '');
  }

  toRepr(): string {
    return `datetime.time(${clockArguments(this.clock)}${this.zone ? `, tzinfo=${this.zone.shown}` : ''})`;
  }
}
