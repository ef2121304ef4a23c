import { describe, expect, it } from 'vitest';
import type { StreamPlan } from '../destination.js';
import {
  Bench,
  batch,
  column,
  type DestinationHarness,
  itNeeds,
  jobOf,
  needs,
  planOf,
  stateOf,
  things,
} from './harness.js';

/** Writes the ids as one finished job. */
async function replace(bench: Bench, job: number, ids: number[], more: Partial<StreamPlan> = {}): Promise<void> {
  const plan = planOf(jobOf(job), more);
  await bench.attempt(jobOf(job), [plan], async (writer) => {
    if (ids.length > 0) await writer.write(plan.key, batch(things(...ids)));
    await writer.finish(stateOf(plan, { job }, ids.length));
  });
}

/** The new rows take the place of the old ones. */
export function describeReplacing(harness: DestinationHarness): void {
  const { skip, why } = needs(harness, 'overwrite');
  describe.skipIf(skip)(`replacing${why}`, () => {
    itRefusesToEmpty(harness);
    itRefreshes(harness);
    itKeepsWhatWaits(harness);
  });
}

function itRefusesToEmpty(harness: DestinationHarness): void {
  it('does not replace a table that has rows by an empty one, and commits nothing then', async () => {
    const bench = await Bench.at(harness);
    await replace(bench, 1, [1, 2]);
    const plan = planOf(jobOf(2));
    await bench.attempt(jobOf(2), [plan], async (writer) => {
      await writer.commit([stateOf(plan, { page: 1 }, 0)]);
      await expect(writer.finish(stateOf(plan, { page: 2 }, 0))).rejects.toMatchObject({ kind: 'config' });
    });
    expect(column(await bench.rows('things'), 'id')).toEqual(['1', '2']);
    expect((await bench.stored()).streams).toMatchObject([{ status: 'open', state: { page: 1 } }]);
  });

  it('replaces it where that is allowed, and an empty one by an empty one always', async () => {
    const bench = await Bench.at(harness);
    await replace(bench, 1, [1, 2]);
    await replace(bench, 2, [], { replaceWithEmpty: true });
    expect(await bench.rows('things')).toEqual([]);
    await replace(bench, 3, []);
    expect(await harness.read(bench.place, 'things')).toEqual([]);
  });

  it('finishes once, however often it is told to', async () => {
    const bench = await Bench.at(harness);
    await replace(bench, 1, [1]);
    const plan = planOf(jobOf(2));
    await bench.attempt(jobOf(2), [plan], async (writer) => {
      await writer.write(plan.key, batch(things(7, 8)));
      await writer.finish(stateOf(plan, {}, 2));
      await writer.finish(stateOf(plan, {}, 2));
    });
    // Killed after the swap and before the job's end: the next attempt has the stream again and nothing to add.
    const again = planOf(jobOf(2), { begin: 'resume', state: {}, rowsBefore: 2, generation: 2, minimumGeneration: 0 });
    await bench.attempt(jobOf(2, 2), [again], (writer) => writer.finish(stateOf(again, {}, 0)));
    expect(column(await bench.rows('things'), 'id')).toEqual(['7', '8']);
    expect((await bench.stored()).streams).toMatchObject([{ status: 'complete', rows: 2 }]);
  });
}

/** Incremental streams that are read from the beginning. */
function itRefreshes(harness: DestinationHarness): void {
  const modes =
    harness.cannot?.deduplicate === undefined ? (['append', 'append_dedup'] as const) : (['append'] as const);
  for (const destinationSyncMode of modes) {
    itNeeds(
      harness,
      'hide',
      `refreshes an incremental stream (${destinationSyncMode}): old rows until the new ones are complete, over a kill`,
      async () => {
        const bench = await Bench.at(harness);
        const common = { syncMode: 'incremental', destinationSyncMode, primaryKey: [['id']] } as const;
        await replace(bench, 1, [1, 2, 3], { ...common, generation: 1 });
        await bench.reset([{ stream: { name: 'things' }, what: 'truncate' }]);
        const anew = planOf(jobOf(2), { ...common, generation: 2, minimumGeneration: 2 });
        await bench.attempt(jobOf(2), [anew], async (writer) => {
          await writer.write(anew.key, batch(things(2, 5)));
          await writer.commit([stateOf(anew, { page: 1 }, 2)]);
        });
        expect(column(await bench.rows('things'), 'id').sort()).toEqual(['1', '2', '3']);
        expect((await bench.stored()).streams).toMatchObject([
          { status: 'open', minimumGeneration: 2, generation: 2, state: { page: 1 } },
        ]);
        const resumed: StreamPlan = { ...anew, begin: 'resume', state: { page: 1 }, rowsBefore: 2, resumed: true };
        await bench.attempt(jobOf(2, 2), [resumed], async (writer) => {
          await writer.write(resumed.key, batch(things(destinationSyncMode === 'append' ? 6 : 5, 7)));
          await writer.finish(stateOf(resumed, {}, 2));
        });
        const expected = destinationSyncMode === 'append' ? ['2', '5', '6', '7'] : ['2', '5', '7'];
        expect(column(await bench.rows('things'), 'id').sort()).toEqual(expected);
        // And the next sync adds to what was swapped in.
        const next = planOf(jobOf(3), { ...common, generation: 2, begin: 'resume', state: {} });
        await bench.attempt(jobOf(3), [next], async (writer) => {
          await writer.write(next.key, batch(things(9)));
          await writer.finish(stateOf(next, {}, 1));
        });
        expect(column(await bench.rows('things'), 'id').sort()).toEqual([...expected, '9']);
      },
    );
  }
}

/** Rows that wait beside a table, and tables that are gone. */
function itKeepsWhatWaits(harness: DestinationHarness): void {
  itNeeds(
    harness,
    'hide',
    'does not lose rows that wait beside the table to a plan that knows nothing of them',
    async () => {
      const bench = await Bench.at(harness);
      const common = { syncMode: 'incremental', destinationSyncMode: 'append' } as const;
      const anew = planOf(jobOf(1), { ...common, generation: 2, minimumGeneration: 2 });
      await bench.attempt(jobOf(1), [anew], async (writer) => {
        await writer.write(anew.key, batch(things(1, 2)));
        await writer.commit([stateOf(anew, { page: 1 }, 2)]);
      });
      const wrong: StreamPlan = { ...anew, minimumGeneration: 0, begin: 'resume', state: { page: 1 } };
      await expect(bench.attempt(jobOf(1, 2), [wrong], async () => undefined)).rejects.toMatchObject({
        kind: 'system',
      });
      const right: StreamPlan = { ...anew, begin: 'resume', state: { page: 1 } };
      await bench.attempt(jobOf(1, 2), [right], (writer) => writer.finish(stateOf(right, {}, 0)));
      expect(column(await bench.rows('things'), 'id')).toEqual(['1', '2']);
    },
  );

  const { drop } = harness;
  it.skipIf(!drop)('reads a stream from the beginning whose table somebody has dropped', async () => {
    for (const more of [{}, { destinationSyncMode: 'append', syncMode: 'incremental' }] as const) {
      const bench = await Bench.at(harness);
      const plan = planOf(jobOf(1), more);
      await bench.attempt(jobOf(1), [plan], async (writer) => {
        await writer.write(plan.key, batch(things(1)));
        await writer.finish(stateOf(plan, { page: 1 }, 1));
      });
      expect((await bench.stored()).streams[0]!.state).toEqual({ page: 1 });
      await drop?.call(harness, bench.place, 'things');
      expect((await bench.stored()).streams).toMatchObject([{ status: 'open', rows: 0 }]);
      expect((await bench.stored()).streams[0]!.state).toBeUndefined();
      await replace(bench, 2, [5], { ...more, generation: 2 });
      expect(column(await bench.rows('things'), 'id')).toEqual(['5']);
    }
  });
}
