import type { Finding, ReadingSettings } from './dialect.js';

/** How far apart syncs are taken to be where nobody has said it. */
const HOURS_ASSUMED = 24;

export function hoursBetweenSyncs({ sync_interval_hours: hours }: ReadingSettings): number {
  return hours ?? HOURS_ASSUMED;
}

/** For how long a server keeps what the next sync has to read. */
export interface Kept {
  readonly hours: number;
  /** The beginning of a sentence that goes on with the time: `The binlog is kept for`. */
  readonly sentence: string;
  /** The statement that makes it so many hours or more. */
  readonly remedy: (hours: number) => string;
}

/**
 * Compares what a server keeps with the time between two syncs. Less than that fails, where the user has said how far apart they
 * are; less than twice that is a hint, as one sync that is missed costs a load.
 */
export function retentionFindings(reading: ReadingSettings, kept: Kept): Finding[] {
  const { hours, sentence } = kept;
  const { sync_interval_hours: given } = reading;
  const interval = hoursBetweenSyncs(reading);
  if (hours >= 2 * interval) return [];
  const remedy = kept.remedy(Math.ceil(2 * interval));
  const apart = given === undefined ? 'taken to be a day apart (sync_interval_hours is not set)' : undefined;
  if (hours < interval) {
    const problem = `${sentence} ${spanOf(hours)}, and two syncs are ${apart ?? `${spanOf(interval)} apart (sync_interval_hours)`}: a sync that comes too late has to load the tables again.`;
    return [{ severity: given === undefined ? 'hint' : 'blocking', problem, remedy }];
  }
  const problem = `${sentence} ${spanOf(hours)}, less than twice the time between two syncs, which are ${apart ?? `${spanOf(interval)} apart (sync_interval_hours)`}: after one that is missed the tables have to be loaded again.`;
  return [{ severity: 'hint', problem, remedy }];
}

/** `36 hours`, `1.5 hours`, `20 minutes`, `4 seconds`. */
function spanOf(hours: number): string {
  const [amount, unit] =
    hours >= 1 ? [hours, 'hour'] : hours * 60 >= 1 ? [hours * 60, 'minute'] : [hours * 3600, 'second'];
  // Rounded down: what is kept for less than the time between two syncs must not read as the same.
  const shown = Math.floor(amount * 10) / 10;
  return `${shown} ${unit}${shown === 1 ? '' : 's'}`;
}
