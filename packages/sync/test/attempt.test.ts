import { describe, expect, it } from 'vitest';
import { planAttempt } from '../src/attempt.ts';
import type { StoredJob, StoredStream } from '../src/destination.ts';
import { type ChosenStream, chooseModes, type StreamSelection } from '../src/modes.ts';

const wish = { connection: 'c', fingerprint: 'f', restart: false };
function chosen(name: string, more: Partial<StreamSelection> = {}, resumable = true): ChosenStream {
  const json_schema = { type: 'object' };
  return chooseModes(
    { name, json_schema, supported_sync_modes: ['full_refresh', 'incremental'], is_resumable: resumable },
    { name, sync_mode: 'full_refresh', ...more },
  );
}
function stored(streams: Partial<StoredStream>[], more: Partial<StoredJob> = {}): StoredJob {
  const job = { connection: 'c', id: 4, nonce: 'n4', attempt: 1, fingerprint: 'f' };
  const base = {
    job: 'n4',
    generation: 3,
    status: 'open' as const,
    syncMode: 'full_refresh' as const,
    destinationSyncMode: 'overwrite' as const,
    rows: 10,
    openSince: 4,
  };
  return {
    job,
    outcome: 'failed',
    lastAttemptProgressed: true,
    ...more,
    streams: streams.map((stream) => ({ ...base, stream: { name: 's' }, ...stream })),
  };
}

describe('the first job', () => {
  it('begins at generation 1 without a state', () => {
    const { job, plans, resumed } = planAttempt(
      undefined,
      [chosen('s'), chosen('i', { sync_mode: 'incremental' })],
      wish,
    );
    expect(job).toMatchObject({ id: 1, attempt: 1 });
    expect(plans).toMatchObject([
      { generation: 1, minimumGeneration: 1, begin: 'anew' },
      { generation: 1, minimumGeneration: 0, begin: 'anew' },
    ]);
    expect(resumed).toEqual([]);
    expect(plans.map((plan) => plan.state)).toEqual([undefined, undefined]);
  });
});

describe('an unfinished job', () => {
  const state = { next_page_token: 3 };
  it('is gone on with: same generation, same state', () => {
    const { job, plans, resumed } = planAttempt(stored([{ state }]), [chosen('s')], wish);
    expect(job).toMatchObject({ id: 4, nonce: 'n4', attempt: 2 });
    expect(plans).toMatchObject([
      { generation: 3, minimumGeneration: 3, begin: 'resume', state, rowsBefore: 10, resumed: true },
    ]);
    expect(resumed).toHaveLength(1);
  });

  it('never takes the state of another job', () => {
    const { plans } = planAttempt(stored([{ state, job: 'n3' }]), [chosen('s')], wish);
    expect(plans).toMatchObject([{ generation: 4, begin: 'anew', partialGeneration: 3 }]);
    expect(plans[0]!.state).toBeUndefined();
  });

  it('begins a stream anew that is not resumable, has no state, or is written in another way now', () => {
    const plans = [
      planAttempt(stored([{ state }]), [chosen('s', {}, false)], wish),
      planAttempt(stored([{}]), [chosen('s')], wish),
      planAttempt(stored([{ state: {} }]), [chosen('s')], wish),
      planAttempt(stored([{ state: { __ab_no_cursor_state_message: true } }]), [chosen('s')], wish),
      planAttempt(stored([{ state }]), [chosen('s', { destination_sync_mode: 'append' })], wish),
    ].map((attempt) => attempt.plans[0]);
    for (const plan of plans) {
      expect(plan).toMatchObject({ generation: 4, begin: 'anew', partialGeneration: 3 });
      expect(plan!.state).toBeUndefined();
    }
  });

  it('does not read a completed stream again, unless it is to be written in another way', () => {
    const complete = stored([{ status: 'complete', state }], { outcome: 'stopped' });
    expect(planAttempt(complete, [chosen('s')], wish)).toMatchObject({ plans: [], done: [{ rows: 10 }] });
    expect(planAttempt(complete, [chosen('s', { destination_sync_mode: 'append' })], wish).plans).toHaveLength(1);
  });

  it('is given up when asked to, when the configuration is another, and when nothing would be saved', () => {
    const reason = (job: StoredJob, more = {}) => planAttempt(job, [chosen('s')], { ...wish, ...more });
    expect(reason(stored([{ state }]), { restart: true })).toMatchObject({
      job: { id: 5, attempt: 1 },
      abandoned: expect.stringMatching(/restart/),
    });
    expect(reason(stored([{ state }]), { fingerprint: 'g' }).abandoned).toMatch(/configuration/);
    const second = { ...stored([]).job, attempt: 2 };
    const stuck = { job: second, outcome: 'partial' as const, lastAttemptProgressed: false };
    expect(reason(stored([{}], stuck)).abandoned).toMatch(/no progress/);
    expect(reason(stored([{ state }], stuck)).abandoned).toBeUndefined();
    expect(reason(stored([{}], { ...stuck, outcome: 'running' })).abandoned).toBeUndefined();
    expect(reason(stored([{}], { ...stuck, outcome: 'stopped' })).abandoned).toBeUndefined();
  });

  it('is given up as soon as others are complete and what is left cannot be gone on with', () => {
    const reason = (left: Partial<StoredStream>, more: Partial<StoredJob> = {}) =>
      planAttempt(
        stored([left, { stream: { name: 't' }, status: 'complete' }], { outcome: 'partial', ...more }),
        [chosen('s'), chosen('t')],
        wish,
      ).abandoned;
    expect(reason({ state }, { givenUp: true })).toMatch(/configuration error/);
    expect(reason({ state })).toBeUndefined();
    expect(reason({})).toMatch(/from the beginning/);
    expect(reason({}, { outcome: 'stopped' })).toBeUndefined();
    const incremental = { syncMode: 'incremental' as const, destinationSyncMode: 'append' as const, state };
    expect(reason({ ...incremental, rows: 0 })).toMatch(/from the beginning/);
    expect(reason(incremental)).toBeUndefined();
    // Nothing is complete: to go on costs nobody anything.
    expect(planAttempt(stored([{ state }], { givenUp: true }), [chosen('s')], wish).abandoned).toBeUndefined();
  });
});

describe('an incremental stream', () => {
  const incremental = {
    syncMode: 'incremental' as const,
    destinationSyncMode: 'append' as const,
    state: { updated: 9 },
  };
  it('keeps its state from job to job', () => {
    const after = stored([{ ...incremental, status: 'complete' }], { outcome: 'complete' });
    expect(planAttempt(after, [chosen('s', { sync_mode: 'incremental' })], wish)).toMatchObject({
      job: { id: 5, attempt: 1 },
      plans: [{ generation: 3, state: { updated: 9 }, begin: 'resume', resumed: false, rowsBefore: 0, openSince: 5 }],
    });
  });

  it('remembers since which job its open units can have rows', () => {
    const { plans } = planAttempt(
      stored([{ ...incremental, openSince: 2 }]),
      [chosen('s', { sync_mode: 'incremental' })],
      { ...wish, restart: true },
    );
    expect(plans).toMatchObject([{ syncId: 5, openSince: 2 }]);
  });

  it('takes no page position of a full refresh for its state', () => {
    const { plans } = planAttempt(
      stored([{ state: { next_page_token: 3 }, status: 'complete' }], { outcome: 'complete' }),
      [chosen('s', { sync_mode: 'incremental' })],
      wish,
    );
    expect(plans).toMatchObject([{ generation: 4, begin: 'anew' }]);
    expect(plans[0]!.state).toBeUndefined();
  });
});

describe('a stream that is to be refreshed', () => {
  const incremental = {
    syncMode: 'incremental' as const,
    destinationSyncMode: 'append_dedup' as const,
    status: 'complete' as const,
    primaryKey: [['id']],
  };
  const wanted = chosen('s', { sync_mode: 'incremental', primary_key: [['id']] });
  const complete = { outcome: 'complete' as const };

  it('begins in a new generation; truncating, its old rows go in the end', () => {
    const merged = planAttempt(stored([{ ...incremental, pending: 'merge' }], complete), [wanted], wish);
    expect(merged.plans).toMatchObject([
      { generation: 4, minimumGeneration: 0, begin: 'anew', partialGeneration: undefined },
    ]);
    const truncated = planAttempt(stored([{ ...incremental, pending: 'truncate' }], complete), [wanted], wish);
    expect(truncated.plans).toMatchObject([{ generation: 4, minimumGeneration: 4, begin: 'anew' }]);
    const full = chosen('s', { destination_sync_mode: 'append' });
    const appended = { destinationSyncMode: 'append' as const, status: 'complete' as const };
    expect(planAttempt(stored([{ ...appended, pending: 'truncate' }], complete), [full], wish).plans).toMatchObject([
      { generation: 4, minimumGeneration: 4, begin: 'anew' },
    ]);
    expect(planAttempt(stored([appended], complete), [full], wish).plans).toMatchObject([{ minimumGeneration: 0 }]);
  });

  it('also when it is complete in a job that is not', () => {
    const plans = planAttempt(stored([{ ...incremental, pending: 'merge' }]), [wanted], wish).plans;
    expect(plans).toMatchObject([{ generation: 4, begin: 'anew' }]);
  });

  it('goes on beside its table until it is complete, over attempts and jobs', () => {
    const open = { ...incremental, status: 'open' as const, state: { updated: 3 }, minimumGeneration: 3 };
    for (const more of [{}, { restart: true }]) {
      const { plans } = planAttempt(stored([open]), [wanted], { ...wish, ...more });
      expect(plans).toMatchObject([{ generation: 3, minimumGeneration: 3, begin: 'resume', state: { updated: 3 } }]);
    }
    const done = { ...open, status: 'complete' as const };
    expect(planAttempt(stored([done], complete), [wanted], wish).plans).toMatchObject([{ minimumGeneration: 0 }]);
    const append = { ...open, syncMode: 'full_refresh' as const, destinationSyncMode: 'append' as const };
    const full = chosen('s', { destination_sync_mode: 'append' });
    expect(planAttempt(stored([{ ...append, state: { next_page_token: 3 } }]), [full], wish).plans).toMatchObject([
      { generation: 3, minimumGeneration: 3, begin: 'resume' },
    ]);
    expect(planAttempt(stored([{ ...append, state: undefined }]), [full], wish).plans).toMatchObject([
      { generation: 4, minimumGeneration: 4, begin: 'anew' },
    ]);
  });
});

it('a sync that has begun a job goes on with it, whatever became of its last attempt', () => {
  const stuck = { job: { ...stored([]).job, attempt: 2 }, outcome: 'failed' as const, lastAttemptProgressed: false };
  expect(planAttempt(stored([{}], stuck), [chosen('s')], wish).job.id).toBe(5);
  expect(planAttempt(stored([{}], stuck), [chosen('s')], { ...wish, within: 'n4' }).job).toMatchObject({
    id: 4,
    attempt: 3,
  });
});

it('an empty result may replace rows only where that was asked for', () => {
  const plans = [chosen('s'), chosen('t', { allow_empty: true })];
  expect(planAttempt(undefined, plans, wish).plans.map((plan) => plan.replaceWithEmpty)).toEqual([undefined, true]);
});

it('streams that one state covers are gone on with all or none', () => {
  const incremental = {
    syncMode: 'incremental' as const,
    destinationSyncMode: 'append_dedup' as const,
    state: { at: 1 },
  };
  const half = [
    { stream: { name: 's' }, ...incremental, status: 'complete' as const },
    { stream: { name: 't' }, ...incremental },
  ];
  const both = ['s', 't'].map((name) =>
    chosen(name, { sync_mode: 'incremental', destination_sync_mode: 'append_dedup', primary_key: [['id']] }),
  );
  const names = (job: StoredJob, together: string[]) =>
    planAttempt(job, both, { ...wish, together: new Set(together) }).plans.map(({ stream, state }) => [
      stream.name,
      state,
    ]);
  expect(names(stored(half), ['s', 't'])).toEqual([
    ['s', { at: 1 }],
    ['t', { at: 1 }],
  ]);
  // A source that does not say which they are shares a state among all of them, or none.
  expect(names(stored(half, { shared: { lsn: 1 } }), [])).toHaveLength(2);
  expect(names(stored(half), [])).toEqual([['t', { at: 1 }]]);
});
