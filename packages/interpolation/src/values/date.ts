import { fromOrdinal, ORDINAL_MAX, toOrdinal, type YearMonthDay } from '../datetime/calendar.js';
import { Failure } from '../error.js';
import { pad2, pad4, Temporal } from './temporal.js';

/** A calendar date; `ordinal` counts days, 1 being 0001-01-01. */
export class PyDate extends Temporal {
  readonly type: string = 'date';
  private split: YearMonthDay | undefined;

  constructor(readonly ordinal: number) {
    super();
    if (!(ordinal >= 1 && ordinal <= ORDINAL_MAX)) throw new Failure('OverflowError', 'date value out of range');
  }

  static of(year: number, month: number, day: number): PyDate {
    return new PyDate(toOrdinal(year, month, day));
  }

  get date(): YearMonthDay {
    this.split ??= fromOrdinal(this.ordinal);
    return this.split;
  }

  dateText(): string {
    const { year, month, day } = this.date;
    return `${pad4(year)}-${pad2(month)}-${pad2(day)}`;
  }

  toText(): string {
    return this.dateText();
  }

  toRepr(): string {
    const { year, month, day } = this.date;
    return `datetime.date(${year}, ${month}, ${day})`;
  }
}
