import { valueError } from '../error.js';
import type { PyDate } from '../values/date.js';
import { DateTime } from '../values/date-time.js';
import { clockMicros } from '../values/time.js';
import { fixedZone } from '../values/zone.js';

const TIME = /^(\d{2})(?:(:?)(\d{2})(?:\2(\d{2})(?:[.,](\d+))?)?)?(Z|[+-]\d{2}(?::?\d{2}(?::?\d{2}(?:[.,]\d+)?)?)?)?$/;

/** Python 3.11's `datetime.fromisoformat`: a date in any ISO form, then any one character and a time. */
export function parseIsoFormat(text: string, parseDate: (text: string) => PyDate): DateTime {
  const fail = () => valueError(`Invalid isoformat string: '${text}'`);
  const dateEnd = endOfDate(text);
  const date = parseDate(text.slice(0, dateEnd));
  if (text.length === dateEnd) return new DateTime(date.ordinal, 0);
  const found = TIME.exec(text.slice(dateEnd + ((text.codePointAt(dateEnd) ?? 0) > 0xffff ? 2 : 1)));
  if (!found) throw fail();
  const [, hour, , minute = '0', second = '0', fraction = '', zone] = found;
  const micros = Number(fraction.slice(0, 6).padEnd(6, '0'));
  const clock = clockMicros(Number(hour), Number(minute), Number(second), micros);
  return new DateTime(date.ordinal, clock, zone === undefined ? undefined : parseZone(zone));
}

/** Where the date ends: a week may have a day or none, which the length of the rest tells. */
function endOfDate(text: string): number {
  const week = /^\d{4}(-?)W\d{2}(?:\1\d(?!\d))?/.exec(text);
  if (week) return week[0].length;
  return text[4] === '-' ? 10 : 8;
}

function parseZone(text: string) {
  if (text === 'Z') return fixedZone(0);
  const [, hours = '', minutes = '0', seconds = '0', fraction = ''] =
    /^[+-](\d{2}):?(\d{2})?:?(\d{2})?(?:[.,](\d+))?$/.exec(text) ?? [];
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  if (Number(minutes) > 59 || Number(seconds) > 59 || total >= 86_400)
    throw valueError('offset must be strictly between -24 and 24 hours');
  const micros = total * 1_000_000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
  return fixedZone(text.startsWith('-') ? -micros : micros);
}
