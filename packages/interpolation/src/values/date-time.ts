import { EPOCH_ORDINAL, toOrdinal } from '../datetime/calendar.js';
import { PyDate } from './date.js';
import { DAY_MICROS } from './temporal.js';
import { type Clock, clockArguments, clockMicros, clockText, splitClock } from './time.js';
import { offsetText, type Zone } from './zone.js';

/** A date with a time of day (`micros` since midnight), exact to the microsecond, in a zone or in none. */
export class DateTime extends PyDate {
  override readonly type = 'datetime';
  constructor(
    ordinal: number,
    readonly micros: number,
    readonly zone?: Zone,
  ) {
    super(ordinal);
  }

  static at(fields: [number, number, number, number?, number?, number?, number?], zone?: Zone): DateTime {
    const [year, month, day, hour = 0, minute = 0, second = 0, microsecond = 0] = fields;
    return new DateTime(toOrdinal(year, month, day), clockMicros(hour, minute, second, microsecond), zone);
  }

  /** The moment that is this many microseconds after the epoch, in a zone. */
  static fromMicros(micros: bigint, zone: Zone): DateTime {
    const local = micros + BigInt(zone.offsetMicros);
    let days = local / BigInt(DAY_MICROS);
    if (local % BigInt(DAY_MICROS) < 0n) days -= 1n;
    return new DateTime(Number(days) + EPOCH_ORDINAL, Number(local - days * BigInt(DAY_MICROS)), zone);
  }

  get clock(): Clock {
    return splitClock(this.micros);
  }

  /** Microseconds since the epoch; without a zone, as if in UTC. */
  utcMicros(): bigint {
    return (
      BigInt(this.ordinal - EPOCH_ORDINAL) * BigInt(DAY_MICROS) + BigInt(this.micros - (this.zone?.offsetMicros ?? 0))
    );
  }

  /** The same moment in another zone. */
  inZone(zone: Zone): DateTime {
    const micros = this.micros + zone.offsetMicros - (this.zone?.offsetMicros ?? 0);
    const days = Math.floor(micros / DAY_MICROS);
    return new DateTime(this.ordinal + days, micros - days * DAY_MICROS, zone);
  }

  /** The same wall time in another zone. */
  withZone(zone: Zone | undefined): DateTime {
    return new DateTime(this.ordinal, this.micros, zone);
  }

  isoText(separator: string): string {
    return `${this.dateText()}${separator}${clockText(this.clock)}${this.zone ? offsetText(this.zone.offsetMicros, ':') : ''}`;
  }

  override toText(): string {
    return this.isoText(' ');
  }

  override toRepr(): string {
    const { year, month, day } = this.date;
    const zone = this.zone ? `, tzinfo=${this.zone.shown}` : '';
    return `datetime.datetime(${year}, ${month}, ${day}, ${clockArguments(this.clock)}${zone})`;
  }
}
