import { describe, expect, it } from 'vitest';
import type { ResetOrder } from '../destination.js';
import { Bench, batch, column, type DestinationHarness, jobOf, needs, planOf, stateOf, things } from './harness.js';

const incremental = { syncMode: 'incremental', destinationSyncMode: 'append', primaryKey: [['id']] } as const;

/** A place where the stream `things` has two rows and a state, written by an incremental job that is complete. */
async function synced(harness: DestinationHarness): Promise<Bench> {
  const bench = await Bench.at(harness);
  const job = jobOf(1);
  const plan = planOf(job, incremental);
  const { session } = await bench.open();
  await session.begin(job, [plan]);
  const writer = await session.writer([plan]);
  await writer.write(plan.key, batch(things(1, 2)));
  await writer.finish(stateOf(plan, { at: 2 }, 2), { lsn: 17 });
  await writer.close();
  await session.end(job, 'complete', { rows: 2, progressed: true });
  await session.close();
  return bench;
}

const order = (what: ResetOrder['what'], state?: ResetOrder['state']): ResetOrder[] => [
  { stream: { name: 'things' }, what, state },
  { stream: { name: 'nobody knows it' }, what },
];

/** Jobs, attempts, states and orders, as they are read back later. */
export function describeBooks(harness: DestinationHarness): void {
  describe('books', () => {
    itRemembersAttempts(harness);
    itCarriesOutOrders(harness);
    itKeepsSharedStates(harness);
  });
}

function itRemembersAttempts(harness: DestinationHarness): void {
  it('lists the attempts, newest first', async () => {
    const bench = await Bench.at(harness);
    for (const [id, attempt] of [
      [1, 1],
      [1, 2],
      [2, 1],
    ] as const) {
      const job = jobOf(id, attempt);
      const { session } = await bench.open();
      await session.begin(job, [planOf(job)]);
      const summary = { rows: id * 10 + attempt, progressed: false, error: id === 1 ? 'not \u0000 there' : undefined };
      if (id === 1) await session.end(job, 'failed', summary);
      await session.close();
    }
    const { session } = await bench.open();
    const all = await session.history('suite', 10);
    const one = await session.history('suite', 1);
    const none = await session.history('another', 10);
    await session.close();
    expect(all).toMatchObject([
      { job: 2, attempt: 1, outcome: 'running', rows: 0 },
      { job: 1, attempt: 2, outcome: 'failed', rows: 12, error: expect.stringMatching(/^not . there$/) },
      { job: 1, attempt: 1, outcome: 'failed', rows: 11 },
    ]);
    expect(all[0]!.endedAt).toBeUndefined();
    expect(all[0]!.error).toBeUndefined();
    expect(all[1]!.endedAt).toBeGreaterThan(all[1]!.startedAt);
    expect(all[2]!.startedAt).toBeGreaterThanOrEqual(1_700_000_000_000);
    expect(one).toEqual([all[0]]);
    expect(none).toEqual([]);
  });

  it('says when a stream was committed last, and what its plan asked for', async () => {
    const bench = await synced(harness);
    const before = bench.clock;
    const { streams } = await bench.stored();
    expect(streams).toMatchObject([
      { status: 'complete', minimumGeneration: 0, state: { at: 2 }, primaryKey: [['id']] },
    ]);
    expect(streams[0]!.updatedAt).toBeGreaterThanOrEqual(1_700_000_000_000);
    expect(streams[0]!.updatedAt).toBeLessThanOrEqual(before);
    expect(streams[0]!.pending).toBeUndefined();
  });

  const { skip, why } = needs(harness, 'look while it is written');
  it.skipIf(skip)(`lets itself be looked at while a sync writes${why}`, async () => {
    const bench = await synced(harness);
    const { session } = await bench.open();
    const { session: looking, stored } = await bench.open('suite', { readOnly: true });
    expect(stored).toMatchObject({ job: { id: 1 }, outcome: 'complete' });
    expect(await looking.history('suite', 5)).toHaveLength(1);
    await looking.close();
    await session.begin(jobOf(2), [planOf(jobOf(2))]);
    await session.close();
  });

  it('makes nothing where it is only looked at', async () => {
    const bench = await Bench.at(harness);
    const { session, stored } = await bench.open('suite', { readOnly: true });
    expect(stored).toBeUndefined();
    expect(await session.history('suite', 5)).toEqual([]);
    await session.close();
  });
}

/** Orders that come between two syncs. */
function itCarriesOutOrders(harness: DestinationHarness): void {
  it('merge and truncate drop the state, keep the rows and are remembered until the stream is begun', async () => {
    for (const what of ['merge', 'truncate'] as const) {
      const bench = await synced(harness);
      await bench.reset(order(what));
      const { streams } = await bench.stored();
      expect(streams).toHaveLength(1);
      expect(streams[0]).toMatchObject({ pending: what, generation: 1, job: '' });
      expect(streams[0]!.state).toBeUndefined();
      expect(await bench.rows('things')).toHaveLength(2);
      const plan = planOf(jobOf(2), { ...incremental, generation: 2 });
      await bench.attempt(jobOf(2), [plan], async () => undefined);
      expect((await bench.stored()).streams[0]!.pending).toBeUndefined();
    }
  });

  it('clear deletes the rows and the state', async () => {
    const bench = await synced(harness);
    await bench.reset(order('clear'));
    const { streams } = await bench.stored();
    expect(streams).toMatchObject([{ rows: 0, status: 'open' }]);
    expect(streams[0]!.state).toBeUndefined();
    expect(await bench.rows('things')).toEqual([]);
    const plan = planOf(jobOf(2), { ...incremental, begin: 'resume' });
    await bench.attempt(jobOf(2), [plan], async (writer) => {
      await writer.write(plan.key, batch(things(7)));
      await writer.finish(stateOf(plan, {}, 1));
    });
    expect(column(await bench.rows('things'), 'id')).toEqual(['7']);
  });

  it('a state can be put in, digit for digit, and taken out', async () => {
    const bench = await synced(harness);
    await bench.reset(order('state', { at: 12345678901234567890n }));
    expect((await bench.stored()).streams).toMatchObject([
      { state: { at: 12345678901234567890n }, status: 'complete' },
    ]);
    await bench.reset(order('state'));
    expect((await bench.stored()).streams[0]!.state).toBeUndefined();
    expect(await bench.rows('things')).toHaveLength(2);
  });
}

/** What several streams have in common. */
function itKeepsSharedStates(harness: DestinationHarness): void {
  it('keeps a shared state with the streams that it covers, in one transaction', async () => {
    const bench = await Bench.at(harness);
    const job = jobOf(1);
    const plans = ['left', 'right'].map((name) => planOf(job, { ...incremental, stream: { name } }));
    const [left, right] = plans as [(typeof plans)[0], (typeof plans)[0]];
    const { session } = await bench.open();
    await session.begin(job, plans);
    const writer = await session.writer(plans);
    await writer.write('left', batch(things(1)));
    await writer.write('right', batch(things(2, 3)));
    await writer.commit([stateOf(left, { l: 1 }, 1), stateOf(right, { r: 1 }, 2)], { lsn: 1n << 60n });
    await writer.write('left', batch(things(4)));
    await writer.close();
    await session.close();
    const stored = await bench.stored();
    expect(stored.shared).toEqual({ lsn: 1n << 60n });
    expect(stored.streams.map(({ state, rows }) => ({ state, rows }))).toEqual([
      { state: { l: 1 }, rows: 1 },
      { state: { r: 1 }, rows: 2 },
    ]);
    expect(await bench.rows('left')).toHaveLength(1);
    expect(await bench.rows('right')).toHaveLength(2);
  });

  it('drops the shared state with the last state of a stream, or as it is told', async () => {
    const bench = await synced(harness);
    expect((await bench.stored()).shared).toEqual({ lsn: 17 });
    await bench.reset(order('state', { at: 3 }));
    expect((await bench.stored()).shared).toEqual({ lsn: 17 });
    await bench.reset(order('state', { at: 3 }), { lsn: 20 });
    expect((await bench.stored()).shared).toEqual({ lsn: 20 });
    await bench.reset(order('clear'));
    expect((await bench.stored()).shared).toBeUndefined();
    await bench.reset([], { lsn: 30 });
    await bench.reset([], null);
    expect((await bench.stored()).shared).toBeUndefined();
  });
}
