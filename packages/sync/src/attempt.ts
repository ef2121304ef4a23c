import { randomUUID } from 'node:crypto';
import { type JsonObject, streamKey } from '@tidemark/protocol';
import type { Job, StoredJob, StoredStream, StreamPlan } from './destination.js';
import type { ChosenStream } from './modes.js';

/** What one attempt is going to do. */
export interface AttemptPlan {
  job: Job;
  plans: StreamPlan[];
  /** Streams that an earlier attempt of this job has completed: they are not read again. */
  done: { chosen: ChosenStream; rows: number }[];
  /** Full-refresh streams that go on where an earlier attempt stopped. */
  resumed: StreamPlan[];
  /** Why the unfinished job in the destination is not gone on with. */
  abandoned?: string;
}

/** What decides an attempt besides the destination's books. */
export interface AttemptWish {
  /** Streams that one state covers together, by key. Empty where the source does not say: all, if there is such a state. */
  together?: ReadonlySet<string>;
  connection: string;
  fingerprint: string;
  restart: boolean;
  /** The nonce of the job that this very sync has begun: it is gone on with whatever became of its last attempt. */
  within?: string;
}

/**
 * Plans the next attempt. A job that is not complete is gone on with; otherwise a new one begins, with a new generation
 * and no state for every full-refresh stream. Pure: the destination's `begin` carries it out.
 */
export function planAttempt(
  stored: StoredJob | undefined,
  chosen: readonly ChosenStream[],
  wish: AttemptWish,
): AttemptPlan {
  const before = new Map((stored?.streams ?? []).map((stream) => [streamKey(stream.stream), stream]));
  const over = stored ? whyOver(stored, wish) : undefined;
  const goesOn = stored !== undefined && stored.outcome !== 'complete' && over === undefined;
  const job: Job = goesOn
    ? { ...stored.job, attempt: stored.job.attempt + 1 }
    : {
        connection: wish.connection,
        id: (stored?.job.id ?? 0) + 1,
        nonce: randomUUID(),
        attempt: 1,
        fingerprint: wish.fingerprint,
      };
  const attempt: AttemptPlan = { job, plans: [], done: [], resumed: [], abandoned: over };
  const isComplete = (one: ChosenStream): boolean => {
    const known = before.get(streamKey(one.description));
    return known !== undefined && isDone(known, one, job);
  };
  const { together } = wish;
  const isAll = !together || together.size === 0;
  const sharing = (one: ChosenStream): boolean =>
    one.syncMode === 'incremental' && (isAll ? stored?.shared !== undefined : together.has(streamKey(one.description)));
  // What they share goes on for all of them or for none: the complete ones would miss what is passed over meanwhile.
  const isHalf = chosen.some((one) => sharing(one) && !isComplete(one));
  for (const one of chosen) {
    const known = before.get(streamKey(one.description));
    if (known && isComplete(one) && !(isHalf && sharing(one))) {
      attempt.done.push({ chosen: one, rows: known.rows });
      continue;
    }
    const plan = one.syncMode === 'full_refresh' ? planFullRefresh(one, known, job) : planIncremental(one, known, job);
    attempt.plans.push(plan);
    if (plan.syncMode === 'full_refresh' && plan.state) attempt.resumed.push(plan);
  }
  return attempt;
}

function isDone(known: StoredStream, chosen: ChosenStream, job: Job): boolean {
  return known.job === job.nonce && known.status === 'complete' && !known.pending && sameModes(known, chosen);
}

/** Why the unfinished job in the books is not gone on with. */
export function whyOver(stored: StoredJob, wish: AttemptWish): string | undefined {
  if (stored.outcome === 'complete' || stored.job.nonce === wish.within) return undefined;
  if (wish.restart) return 'a restart was asked for';
  if (stored.job.fingerprint !== wish.fingerprint) return 'the configuration has changed since';
  if (stored.outcome !== 'failed' && stored.outcome !== 'partial') return undefined;
  // Going on would leave the finished streams stale for as long as the failing ones fail, and would save nothing.
  const ours = stored.streams.filter((stream) => stream.job === stored.job.nonce);
  const open = ours.filter((stream) => stream.status === 'open');
  const hasComplete = open.length < ours.length;
  if (hasComplete && stored.givenUp) return 'what is left of it fails with a configuration error';
  const nothingToResume = open.every((stream) => !saysWhere(stream.state) || stream.syncMode === 'incremental');
  if (!nothingToResume) return undefined;
  if (hasComplete && open.every((stream) => stream.rows === 0 || stream.syncMode === 'full_refresh'))
    return 'what is left of it has to be read from the beginning';
  return stored.job.attempt > 1 && stored.lastAttemptProgressed === false
    ? 'its last attempt made no progress'
    : undefined;
}

function sameModes(known: StoredStream, chosen: ChosenStream): boolean {
  return known.syncMode === chosen.syncMode && known.destinationSyncMode === chosen.destinationSyncMode;
}

function common(chosen: ChosenStream, job: Job) {
  const { name, namespace } = chosen.description;
  return {
    key: streamKey(chosen.description),
    stream: { name, namespace: namespace ?? undefined },
    schema: chosen.description.json_schema,
    syncMode: chosen.syncMode,
    destinationSyncMode: chosen.destinationSyncMode,
    primaryKey: chosen.primaryKey,
    cursorField: chosen.cursorField,
    syncId: job.id,
    ...(chosen.allowEmpty ? { replaceWithEmpty: true } : {}),
  };
}

/** The state of a full-refresh stream is worth something within its own job only: the nonce says whether it is. */
function planFullRefresh(chosen: ChosenStream, known: StoredStream | undefined, job: Job): StreamPlan {
  const overwrite = chosen.destinationSyncMode !== 'append';
  const ours = known !== undefined && known.job === job.nonce && !known.pending && sameModes(known, chosen);
  const begun = { ...common(chosen, job), openSince: job.id };
  if (ours && saysWhere(known.state) && chosen.description.is_resumable !== false) {
    const { generation, state, rows } = known;
    const minimumGeneration = overwrite ? generation : minimumOf(known);
    return { ...begun, generation, minimumGeneration, state, begin: 'resume', rowsBefore: rows, resumed: true };
  }
  const generation = (known?.generation ?? 0) + 1;
  // A truncating refresh that has to begin anew is still one: its old rows have to go in the end.
  const truncates = known?.pending === 'truncate' || (known?.job === job.nonce && minimumOf(known) > 0);
  const minimumGeneration = overwrite || truncates ? generation : 0;
  return {
    ...begun,
    generation,
    minimumGeneration,
    begin: 'anew',
    partialGeneration: partialOf(known),
    rowsBefore: 0,
    resumed: false,
  };
}

/** Where a stream is written beside its table, it goes on being written there until it is complete. */
function minimumOf(known: StoredStream): number {
  return known.status === 'open' && known.minimumGeneration === known.generation ? known.generation : 0;
}

/** The rows of a full refresh that was not finished: nothing can be gone on from, so they go. */
function partialOf(known: StoredStream | undefined): number | undefined {
  return known?.status === 'open' && known.syncMode === 'full_refresh' ? known.generation : undefined;
}

/** An empty state says nothing: the source would begin at the beginning, and what is there would be there twice. */
export function saysWhere(state: JsonObject | undefined): state is JsonObject {
  return state !== undefined && Object.keys(state).some((key) => key !== '__ab_no_cursor_state_message');
}

function planIncremental(chosen: ChosenStream, known: StoredStream | undefined, job: Job): StreamPlan {
  // A full-refresh state is a page position: it says nothing about what is new since.
  if (known?.syncMode !== 'incremental' || known.pending) {
    const generation = (known?.generation ?? 0) + 1;
    const minimumGeneration = known?.pending === 'truncate' ? generation : 0;
    const begun = { ...common(chosen, job), generation, minimumGeneration, partialGeneration: partialOf(known) };
    return { ...begun, openSince: job.id, begin: 'anew', rowsBefore: 0, resumed: false };
  }
  const ours = known.job === job.nonce;
  return {
    ...common(chosen, job),
    generation: known.generation,
    minimumGeneration: minimumOf(known),
    state: known.state,
    begin: 'resume',
    rowsBefore: ours ? known.rows : 0,
    resumed: ours && known.state !== undefined,
    openSince: known.status === 'open' ? known.openSince : job.id,
  };
}
