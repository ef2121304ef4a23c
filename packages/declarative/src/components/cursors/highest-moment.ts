import type { RecordData } from '@tidemark/source';
import { compareMoments, type Moment } from './moment.js';
import type { MomentFormat } from './moment-format.js';

/**
 * Finds the highest cursor value of a page; undefined when no record has one that can be read. Only the highest is read in
 * full, unless there are values that the fast way does not know.
 */
export function highestMoment(
  format: MomentFormat,
  field: string,
): (records: readonly RecordData[]) => Moment | undefined {
  return (records) => {
    let micros = Number.NEGATIVE_INFINITY;
    let highest: unknown;
    let slow: Moment | undefined;
    for (const record of records) {
      const value = record[field];
      if (value === undefined || value === null) continue;
      const quick = format.micros(value);
      if (quick > micros) {
        micros = quick;
        highest = value;
      } else if (Number.isNaN(quick)) {
        const moment = format.read(value);
        if (moment && (!slow || compareMoments(slow, moment) < 0)) slow = moment;
      }
    }
    const fast = highest === undefined ? undefined : format.read(highest);
    return !slow || (fast && compareMoments(fast, slow) >= 0) ? fast : slow;
  };
}
