import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { type JobStatus, type JobStatusMap, jobStatusMapSlot } from './job-slot.js';

const STATUSES = ['running', 'completed', 'failed', 'timeout', 'skipped'] as const;

export const asyncJobStatusMap = component('AsyncJobStatusMap', {
  slot: jobStatusMapSlot,
  doc: "The API's words for what a job is doing. A word stands in one list only; one that stands in none is an error.",
  fields: {
    running: field
      .list(field.string())
      .doc('The job waits or works: it is asked for again.')
      .example(['QUEUED', 'IN_PROGRESS']),
    completed: field.list(field.string()).doc('The job is done and can be downloaded.').example(['DONE']),
    failed: field
      .list(field.string())
      .doc('The job failed: it is created again, three times in all.')
      .example(['ERROR']),
    timeout: field
      .list(field.string())
      .doc('The job took too long: it is aborted and created again, three times in all.')
      .example([]),
    skipped: field
      .list(field.string())
      .optional()
      .doc('The job is done and has nothing to download.')
      .example(['NO_DATA']),
  },
  examples: [
    { type: 'AsyncJobStatusMap', running: ['IN_PROGRESS'], completed: ['DONE'], failed: ['ERROR'], timeout: [] },
  ],
  build({ fields }): JobStatusMap {
    const statuses = new Map<string, JobStatus>();
    for (const status of STATUSES) {
      for (const word of fields[status] ?? []) {
        const other = statuses.get(word);
        if (other !== undefined)
          throw new ConnectorError('config', `AsyncJobStatusMap has '${word}' under '${other}' and under '${status}'.`);
        statuses.set(word, status);
      }
    }
    return { statusOf: (word) => statuses.get(word), words: [...statuses.keys()] };
  },
});
