import { slot } from '../../component/slot.js';

/** What an asynchronous job is doing, whatever the API calls it. */
export type JobStatus = 'running' | 'completed' | 'failed' | 'timeout' | 'skipped';

/** What the API calls it. */
export interface JobStatusMap {
  /** Undefined for a word of the API that the manifest does not list. */
  statusOf(word: string): JobStatus | undefined;
  /** Every word that the manifest lists. */
  readonly words: readonly string[];
}
export const jobStatusMapSlot = slot<JobStatusMap>('job status map');
