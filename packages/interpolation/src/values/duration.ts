import { Temporal } from './temporal.js';
import { TimeDelta } from './time-delta.js';

/**
 * An ISO 8601 duration that has years or months, whose length hangs on where it is counted from. Years and months may
 * have a fraction as long as nobody adds them to a date.
 */
export class Duration extends Temporal {
  readonly type = 'Duration';
  constructor(
    readonly years: number,
    readonly months: number,
    readonly rest: TimeDelta = new TimeDelta(0, 0),
  ) {
    super();
  }

  toText(): string {
    const parts = [];
    if (this.years) parts.push(`${Math.trunc(this.years)} years`);
    if (this.months) parts.push(`${Math.trunc(this.months)} month${this.months <= 1 ? '' : 's'}`);
    parts.push(this.rest.toText());
    return parts.join(', ');
  }

  toRepr(): string {
    const { days, seconds, microseconds } = this.rest;
    const years = Math.trunc(this.years);
    return `isodate.duration.Duration(${days}, ${seconds}, ${microseconds}, years=${years}, months=${Math.trunc(this.months)})`;
  }
}
