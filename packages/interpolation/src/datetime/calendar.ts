import { valueError } from '../error.js';

export const YEAR_MIN = 1;
export const YEAR_MAX = 9999;
/** Ordinal of 9999-12-31, the last day that Python knows. */
export const ORDINAL_MAX = 3_652_059;
/** Ordinal of 1970-01-01. */
export const EPOCH_ORDINAL = 719_163;

export interface YearMonthDay {
  year: number;
  month: number;
  day: number;
}

const DAYS_BEFORE = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

export function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 0001-01-01, which is 1. Checks the range as Python's constructors do. */
export function toOrdinal(year: number, month: number, day: number): number {
  if (!(year >= YEAR_MIN && year <= YEAR_MAX)) throw valueError(`year ${year} is out of range`);
  if (!(month >= 1 && month <= 12)) throw valueError('month must be in 1..12');
  if (!(day >= 1 && day <= daysInMonth(year, month))) throw valueError('day is out of range for month');
  const before = year - 1;
  const years = before * 365 + Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  return years + dayOfYear(year, month, day);
}

export function dayOfYear(year: number, month: number, day: number): number {
  return (DAYS_BEFORE[month] ?? 0) + (month > 2 && isLeap(year) ? 1 : 0) + day;
}

/** The date of an ordinal: by way of a calendar that starts each year in March, so that the leap day ends it. */
export function fromOrdinal(ordinal: number): YearMonthDay {
  const days = ordinal + 305;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfMarchYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfMarchYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfMarchYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}

/** Day of the week, Monday 0. */
export function weekday(ordinal: number): number {
  return (ordinal + 6) % 7;
}

/** ISO year, week and weekday (Monday 1). */
export function isoCalendar(ordinal: number): [year: number, week: number, weekday: number] {
  const day = weekday(ordinal);
  const { year } = fromOrdinal(ordinal - day + 3);
  const thursday = ordinal - day + 3;
  const firstDay = thursday - dayOfYearOf(thursday) + 1;
  return [year, Math.floor((thursday - firstDay) / 7) + 1, day + 1];
}

function dayOfYearOf(ordinal: number): number {
  const { year, month, day } = fromOrdinal(ordinal);
  return dayOfYear(year, month, day);
}

/** Ordinal of an ISO week's day. */
export function isoToOrdinal(year: number, week: number, day: number): number {
  const january4 = toOrdinal(year, 1, 4);
  return january4 - weekday(january4) + (week - 1) * 7 + (day - 1);
}

/** Number of ISO weeks in a year: 52 or 53. */
export function isoWeeks(year: number): number {
  const first = weekday(toOrdinal(year, 1, 1));
  return first === 3 || (first === 2 && isLeap(year)) ? 53 : 52;
}
