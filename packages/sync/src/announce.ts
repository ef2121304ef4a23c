import type { RunContext } from '@tidemark/source';
import type { AttemptPlan } from './attempt.js';

/** The lines that the platform writes at the start of every attempt, to the letter. */
export function announce(attempt: AttemptPlan, log: RunContext['log']): void {
  const { job, resumed, done, abandoned } = attempt;
  if (abandoned) log('INFO', `The unfinished job is not gone on with: ${abandoned}. Job ${job.id} begins anew.`);
  else if (job.attempt > 1)
    log(
      'INFO',
      `Job ${job.id} is unfinished: this is attempt ${job.attempt}. ${done.length} of its streams are complete already.`,
    );
  log('INFO', `Number of Resumed Full Refresh Streams: {${resumed.length}}`);
  for (const { stream } of resumed)
    log('INFO', ` Resumed stream name: ${stream.name} namespace: ${stream.namespace ?? 'null'}`);
}
