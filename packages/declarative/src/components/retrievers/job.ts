import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { BuildContext, Scope } from '../../component/index.js';
import type { Decoder } from '../decoders/slot.js';
import type { Extractor } from '../extractors/slot.js';
import type { Requester } from '../requesters/slot.js';
import { type JobAnswer, readAnswer } from './job-answer.js';
import type { JobBudget } from './job-budget.js';
import type { JobStatus, JobStatusMap } from './job-slot.js';
import { sliceScope } from './slice-scope.js';
import type { Retrieval } from './slot.js';

const POLL_SECONDS = 5;
const ATTEMPTS_MAX = 3;
/** So many polls in a row may go wrong before the job is given up. */
const BAD_POLLS_MAX = 3;
/** How long a job that is no longer wanted may take to be aborted, milliseconds. */
const ABORT_MS = 10_000;

/** What jobs of a stream are created, watched and given up with. */
export interface JobParts {
  context: BuildContext;
  stream: string;
  creation: Requester;
  polling: Requester;
  abort: Requester | undefined;
  decoder: Decoder;
  statusExtractor: Extractor;
  statuses: JobStatusMap;
  budget: JobBudget;
  /** How long a job may run, seconds. */
  timeoutSeconds: () => number;
  /** How long to wait before a job that failed at the API is created again, seconds. */
  retrySeconds: () => number | undefined;
}

/** A job that can be downloaded. */
export interface FinishedJob {
  readonly creation: JobAnswer;
  readonly polling: JobAnswer;
}

type Attempt =
  | { status: 'completed'; job: FinishedJob }
  | { status: Exclude<JobStatus, 'running' | 'completed'>; reason: string; wasCreated: boolean };

/** The scope of a request about a job. */
export function jobScope(retrieval: Retrieval, about: JsonObject): Scope {
  return sliceScope({ ...retrieval, extra: { ...retrieval.extra, ...about } });
}

/**
 * Has the API do the job of one unit: creates it, asks until it is done, and creates it again when it fails. Undefined when
 * there is nothing to download. Throws ConnectorError when the job failed for the last time.
 */
export async function runJob(parts: JobParts, retrieval: Retrieval): Promise<FinishedJob | undefined> {
  const { signal, idle = (wait) => wait() } = retrieval;
  await parts.budget.enter(signal);
  // The budget is left before a place among the readers is looked for again: who waits for a place holds no job.
  return idle(async () => {
    try {
      return await repeatJob(parts, retrieval);
    } finally {
      parts.budget.leave();
    }
  });
}

async function repeatJob(parts: JobParts, retrieval: Retrieval): Promise<FinishedJob | undefined> {
  for (let number = 1; ; number++) {
    const attempt = await tryJob(parts, retrieval);
    if (attempt.status === 'completed') return attempt.job;
    if (attempt.status === 'skipped') return undefined;
    if (number >= ATTEMPTS_MAX) {
      throw new ConnectorError(
        'system',
        `An asynchronous job of the stream '${parts.stream}' failed ${ATTEMPTS_MAX} times: ${attempt.reason}.`,
      );
    }
    const retry = attempt.status === 'failed' && attempt.wasCreated ? parts.retrySeconds() : undefined;
    const wait = retry ?? POLL_SECONDS;
    parts.context.log('WARN', `${parts.stream}: ${attempt.reason}; the job is created again in ${wait} seconds.`);
    await parts.context.http.sleep(wait * 1000, retrieval.signal);
  }
}

async function tryJob(parts: JobParts, retrieval: Retrieval): Promise<Attempt> {
  let creation: JobAnswer;
  try {
    creation = await ask(parts, parts.creation, jobScope(retrieval, {}), retrieval.signal, 'creation_requester');
  } catch (error) {
    if (!mayPass(error, retrieval.signal)) throw error;
    return {
      status: 'failed',
      reason: `the job could not be created (${ConnectorError.from(error).message})`,
      wasCreated: false,
    };
  }
  let attempt: Attempt | undefined;
  try {
    attempt = await watch(parts, retrieval, creation);
    return attempt;
  } finally {
    // Whoever stops or gives up leaves no job behind that nobody will fetch.
    if (attempt === undefined || attempt.status === 'timeout') await abortJob(parts, retrieval, creation);
  }
}

/** Asks after the job until it is no longer running. */
async function watch(parts: JobParts, retrieval: Retrieval, creation: JobAnswer): Promise<Attempt> {
  const { context } = parts;
  const { signal } = retrieval;
  const started = context.clock();
  const timeout = parts.timeoutSeconds();
  const scope = jobScope(retrieval, { creation_response: creation.scope });
  let waited = 0;
  let badPolls = 0;
  for (;;) {
    try {
      const polling = await ask(parts, parts.polling, scope, signal, 'polling_requester');
      badPolls = 0;
      const status = await statusOf(parts, polling, signal);
      if (status === 'completed') return { status, job: { creation, polling } };
      if (status !== 'running')
        return { status, reason: `the API says that the job ended as '${status}'`, wasCreated: true };
    } catch (error) {
      if (!mayPass(error, signal) || error instanceof UnknownStatus || ++badPolls >= BAD_POLLS_MAX) throw error;
      context.log(
        'WARN',
        `${parts.stream}: the status of a job could not be read: ${ConnectorError.from(error).message}`,
      );
    }
    // A clock that stands still must not make a job run for ever.
    if (Math.max(waited, (context.clock() - started) / 1000) >= timeout) {
      return { status: 'timeout', reason: `the job was not done after ${timeout} seconds`, wasCreated: true };
    }
    await context.http.sleep(POLL_SECONDS * 1000, signal);
    waited += POLL_SECONDS;
  }
}

class UnknownStatus extends ConnectorError {}

async function statusOf(parts: JobParts, polling: JobAnswer, signal: AbortSignal): Promise<JobStatus> {
  const { statusExtractor: extractor, statuses } = parts;
  const found = extractor.values
    ? await extractor.values(polling.bodies, signal)
    : (await extractor.extract(polling.bodies, signal)).records;
  const word = found[0] === undefined || found[0] === null ? undefined : String(found[0]);
  const status = word === undefined ? undefined : statuses.statusOf(word);
  if (status) return status;
  const met = word === undefined ? 'no status of the job' : `the job status '${word.slice(0, 100)}'`;
  throw new UnknownStatus(
    'system',
    `The API gives ${met}; the status_mapping of the stream '${parts.stream}' knows ${statuses.words.join(', ')}.`,
  );
}

/** One request about a job, with its answer decoded. Throws ConnectorError when the error handler ignores the answer. */
export async function ask(
  parts: Pick<JobParts, 'decoder'>,
  requester: Requester,
  scope: Scope,
  signal: AbortSignal,
  name: string,
): Promise<JobAnswer> {
  const response = await requester.send({ scope, parts: {}, signal });
  if (!response)
    throw new ConnectorError(
      'system',
      `The answer to the ${name} was ignored by its error handler; a job cannot go on without it.`,
    );
  return readAnswer(response, parts.decoder);
}

/** Best effort: what cannot be aborted only costs the API. */
async function abortJob(parts: JobParts, retrieval: Retrieval, creation: JobAnswer): Promise<void> {
  if (!parts.abort) return;
  try {
    const scope = jobScope(retrieval, { creation_response: creation.scope });
    await parts.abort.send({ scope, parts: {}, signal: AbortSignal.timeout(ABORT_MS) });
  } catch (error) {
    parts.context.log('WARN', `${parts.stream}: a job could not be aborted: ${ConnectorError.from(error).message}`);
  }
}

/** True for an error that another try may not meet again. */
function mayPass(error: unknown, signal: AbortSignal): boolean {
  return !signal.aborted && ConnectorError.from(error).kind !== 'config';
}
