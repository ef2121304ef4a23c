import { parseDuration } from '@tidemark/interpolation';
import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { type Moment, shift, shiftMicros } from './moment.js';

/** Moves boundaries to the beginning of a period. */
export interface Clamping {
  /** The beginning of the period that follows, or the moment itself when it is one. */
  up(moment: Moment): Moment;
  /** The beginning of the period that holds the moment. */
  down(moment: Moment): Moment;
  /** What the end stays short of the period's end by when the cursor has no granularity, microseconds. */
  readonly granularityMicros: bigint;
}

const DAY = 86_400_000_000n;
const MONTH = parseDuration('P1M');
const WEEKDAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'];

/** The clamping of a target; throws ConnectorError (config) when there is no such target. */
export function clampingTo(target: string, details: JsonObject | undefined): Clamping {
  if (target === 'DAY') return { up: nextDay, down: midnight, granularityMicros: 1_000_000n };
  if (target === 'MONTH') return { up: nextMonth, down: firstOfMonth, granularityMicros: DAY };
  if (target !== 'WEEK')
    throw new ConnectorError('config', `The clamping target '${target}' is none of DAY, WEEK, MONTH.`);
  const weekday = WEEKDAYS.indexOf(String(details?.weekday ?? ''));
  if (weekday < 0) {
    throw new ConnectorError(
      'config',
      `Clamping to WEEK needs target_details with a weekday, one of ${WEEKDAYS.join(', ')}.`,
    );
  }
  const days = (moment: Moment): number => (weekday - weekdayOf(moment) + 7) % 7;
  return {
    up: (moment) => shiftMicros(midnight(moment), BigInt(days(moment)) * DAY),
    down: (moment) => shiftMicros(midnight(moment), BigInt((days(moment) || 7) - 7) * DAY),
    granularityMicros: DAY,
  };
}

function midnight(moment: Moment): Moment {
  return shiftMicros(moment, -BigInt(moment.micros));
}

function nextDay(moment: Moment): Moment {
  return moment.micros === 0 ? moment : shiftMicros(midnight(moment), DAY);
}

function firstOfMonth(moment: Moment): Moment {
  return shiftMicros(midnight(moment), BigInt(1 - moment.date.day) * DAY);
}

/** The time of day does not count: any time of the first is the first. */
function nextMonth(moment: Moment): Moment {
  const first = firstOfMonth(moment);
  return moment.date.day === 1 ? first : (shift(first, MONTH, 1) ?? first);
}

/** Monday 0. */
function weekdayOf(moment: Moment): number {
  return (moment.ordinal + 6) % 7;
}
