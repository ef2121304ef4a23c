import { describe, expect, it } from 'vitest';
import type { DestinationHarness } from './harness.js';
import { Bench, batch, column, jobOf, planOf, stateOf, things } from './harness.js';

const append = { destinationSyncMode: 'append' } as const;

/** Who may write, and who may no longer. */
export function describeLeases(harness: DestinationHarness): void {
  describe('leases', () => {
    it('is held by one sync at a time, and says so', async () => {
      const bench = await Bench.at(harness);
      const { session } = await bench.open();
      await expect(bench.open()).rejects.toMatchObject({ kind: 'transient', message: expect.stringMatching(/in use/) });
      await session.close();
      const { session: next } = await bench.open();
      await next.close();
    });

    const { expireLease } = harness;
    if (expireLease) itTakesOver(harness, expireLease);
  });
}

function itTakesOver(harness: DestinationHarness, expire: NonNullable<DestinationHarness['expireLease']>): void {
  it('holds one connection, not the others', async () => {
    const bench = await Bench.at(harness);
    const { session } = await bench.open('one');
    const { session: other } = await bench.open('two');
    await expect(bench.open('two')).rejects.toMatchObject({
      message: expect.stringMatching(/'two' is in use by .* since/),
    });
    await session.close();
    await other.close();
  });

  it('takes over from a runner that says nothing any more: what that one commits is refused', async () => {
    const bench = await Bench.at(harness);
    const job = jobOf(1);
    const plan = planOf(job, append);
    const { session: dead } = await bench.open();
    await dead.begin(job, [plan]);
    const late = await dead.writer([plan]);
    await late.write(plan.key, batch(things(1)));
    await late.commit([stateOf(plan, { page: 1 }, 1)]);
    await late.write(plan.key, batch(things(2)));
    await expire.call(harness, bench.place, 'suite');
    const { session, stored } = await bench.open();
    expect(stored?.streams).toMatchObject([{ state: { page: 1 } }]);
    const overtaken = { kind: 'system', message: expect.stringMatching(/[Aa]nother runner has taken over/) };
    await expect(late.commit([stateOf(plan, { page: 2 }, 1)])).rejects.toMatchObject(overtaken);
    await late.close();
    await expect(dead.end(job, 'complete', { rows: 2, progressed: true })).rejects.toMatchObject(overtaken);
    await expect(dead.reset('suite', [{ stream: plan.stream, what: 'clear' }])).rejects.toMatchObject(overtaken);
    await dead.close();
    // The old one's going does not free what the new one holds.
    await expect(bench.open()).rejects.toMatchObject({ kind: 'transient' });
    const next = planOf(job, { ...append, begin: 'resume', state: { page: 1 }, rowsBefore: 1 });
    await session.begin(jobOf(1, 2), [next]);
    const writer = await session.writer([next]);
    await writer.write(next.key, batch(things(2, 3)));
    await writer.finish(stateOf(next, {}, 2));
    await writer.close();
    await session.close();
    expect(column(await bench.rows('things'), 'id')).toEqual(['1', '2', '3']);
  });

  it('goes on by itself while it lives, however short the lease', async () => {
    const bench = await Bench.at(harness);
    const { session } = await bench.open('suite', { leaseSeconds: 1 });
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    await expect(bench.open()).rejects.toMatchObject({ kind: 'transient' });
    await session.close();
  });
}
