import type { RecordData } from '@tidemark/source';
import type { Moment } from './moment.js';
import type { MomentFormat } from './moment-format.js';

/**
 * Whether a record's moment is this one as the format writes it: with seconds only, everything within that second. What is
 * written rises with the moment, so once a later one is known to be written otherwise, those beyond it need no writing.
 */
export function atMoment(format: MomentFormat, field: string, moment: Moment): (record: RecordData) => boolean {
  const wanted = asWritten(format, moment);
  const first = Number(wanted);
  let last = first;
  let beyond = Number.POSITIVE_INFINITY;
  return (record) => {
    const value = record[field];
    if (value === undefined || value === null) return false;
    const micros = format.keepsOrder ? format.micros(value) : Number.NaN;
    if (micros < first || micros >= beyond) return false;
    if (micros <= last) return true;
    const met = format.read(value);
    const isAt = met !== undefined && asWritten(format, met) === wanted;
    if (isAt && micros > last) last = micros;
    if (!isAt && micros < beyond) beyond = micros;
    return isAt;
  };
}

/** The moment that is left of one when it has been through a state: in microseconds since the epoch. */
function asWritten(format: MomentFormat, moment: Moment): bigint {
  return format.parse(format.write(moment)).utcMicros();
}
