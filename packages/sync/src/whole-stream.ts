import { WHOLE_STREAM } from '@tidemark/source';
import type { StreamPlan } from './destination.js';

/** A unit that is a whole stream begins anew where rows are kept by key: nothing of the table may stay. See `Writer.restart`. */
export function isWhole({ destinationSyncMode }: StreamPlan, unit: string): boolean {
  return unit === WHOLE_STREAM && destinationSyncMode.endsWith('_dedup');
}
