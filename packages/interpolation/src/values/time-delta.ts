import { Failure } from '../error.js';
import { DAY_MICROS, pad2, pad6, Temporal } from './temporal.js';

const DAYS_MAX = 999_999_999;

/** A span of time: days of any sign, and microseconds of a day, never negative. */
export class TimeDelta extends Temporal {
  readonly type = 'timedelta';
  constructor(
    readonly days: number,
    readonly micros: number,
  ) {
    super();
    if (Math.abs(days) > DAYS_MAX)
      throw new Failure('OverflowError', `days=${days}; must have magnitude <= ${DAYS_MAX}`);
  }

  static fromMicros(total: bigint): TimeDelta {
    let days = total / BigInt(DAY_MICROS);
    if (total % BigInt(DAY_MICROS) < 0n) days -= 1n;
    return new TimeDelta(Number(days), Number(total - days * BigInt(DAY_MICROS)));
  }

  total(): bigint {
    return BigInt(this.days) * BigInt(DAY_MICROS) + BigInt(this.micros);
  }

  /** Length in seconds. Divides once, as Python does, so that the double is the same. */
  totalSeconds(): number {
    return Number(this.total()) / 1_000_000;
  }

  get seconds(): number {
    return Math.floor(this.micros / 1_000_000);
  }

  get microseconds(): number {
    return this.micros % 1_000_000;
  }

  isZero(): boolean {
    return this.days === 0 && this.micros === 0;
  }

  toText(): string {
    const seconds = this.seconds;
    const clock = `${Math.floor(seconds / 3600)}:${pad2(Math.floor(seconds / 60) % 60)}:${pad2(seconds % 60)}`;
    const fraction = this.microseconds ? `.${pad6(this.microseconds)}` : '';
    const days = this.days ? `${this.days} day${Math.abs(this.days) === 1 ? '' : 's'}, ` : '';
    return days + clock + fraction;
  }

  toRepr(): string {
    const parts = [];
    if (this.days) parts.push(`days=${this.days}`);
    if (this.seconds) parts.push(`seconds=${this.seconds}`);
    if (this.microseconds) parts.push(`microseconds=${this.microseconds}`);
    return `datetime.timedelta(${parts.join(', ') || '0'})`;
  }
}
