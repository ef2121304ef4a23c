import { type StreamDescriptor, streamKey } from '@tidemark/protocol';
import { type AttemptPlan, whyOver } from './attempt.js';
import type { StoredJob, StoredStream, StreamPlan } from './destination.js';
import type { StreamEnd } from './headway.js';
import type { StreamResult } from './result.js';

/** What the books have of the streams when an attempt is over. `storedOf`: what it has stored of each that it read. */
export function streamsAfter(
  stored: StoredJob | undefined,
  attempt: AttemptPlan,
  storedOf: (plan: StreamPlan) => StreamEnd,
): StoredStream[] {
  const read = attempt.plans.map((plan): StoredStream => {
    const { stream, generation, minimumGeneration, syncMode, destinationSyncMode, openSince } = plan;
    const { state = plan.state, rows, complete } = storedOf(plan);
    const status = complete ? 'complete' : 'open';
    const modes = {
      primaryKey: plan.primaryKey.map((path) => [...path]),
      syncMode,
      destinationSyncMode,
      generation,
      minimumGeneration,
      openSince,
    };
    return { ...modes, stream, status, state, job: attempt.job.nonce, rows: plan.rowsBefore + rows };
  });
  const keys = new Set(attempt.plans.map(({ key }) => key));
  return [...read, ...(stored?.streams ?? []).filter(({ stream }) => !keys.has(streamKey(stream)))];
}

/** Streams of the job that are half read and that nobody has asked for this time, as far as the source still has them. */
export function leftOpen(
  streams: readonly StoredStream[],
  job: string,
  asked: ReadonlySet<string>,
  offered: readonly StreamDescriptor[],
): StreamDescriptor[] {
  const there = new Set(offered.map(streamKey));
  return streams
    .filter((one) => one.job === job && one.status === 'open')
    .map(({ stream }) => stream)
    .filter((stream) => there.has(streamKey(stream)) && !asked.has(streamKey(stream)));
}

/** Whatever is missing failed with a configuration error, which another attempt of the job would only meet again. */
export function isGivenUp(streams: readonly StreamResult[], left: readonly StreamDescriptor[]): boolean {
  const missing = streams.filter(({ status }) => status !== 'complete');
  return left.length === 0 && missing.every(({ error }) => error?.kind === 'config');
}

/**
 * Why the next sync begins a new job although this one is not complete, as far as the books can tell (a changed
 * configuration does so, too); undefined when it goes on with this one, or when this one is complete.
 */
export function whyNextJob(stored: StoredJob): string | undefined {
  const { connection, fingerprint } = stored.job;
  return whyOver(stored, { connection, fingerprint, restart: false });
}
