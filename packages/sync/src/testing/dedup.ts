import type { RecordData } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import type { StreamPlan } from '../destination.js';
import { Bench, batch, column, type DestinationHarness, jobOf, planOf, schemaOf, stateOf } from './harness.js';

const schema = schemaOf({
  id: { type: 'integer' },
  v: { type: 'string' },
  at: { type: 'integer' },
  key: { type: 'object' },
});

function dedupPlan(job: number, more: Partial<StreamPlan> = {}): StreamPlan {
  return planOf(jobOf(job), {
    schema,
    syncMode: 'incremental',
    destinationSyncMode: 'append_dedup',
    primaryKey: [['id']],
    generation: 1,
    begin: job === 1 ? 'anew' : 'resume',
    ...more,
  });
}

/** Commits each list of records on its own, as one job. */
async function merge(
  bench: Bench,
  job: number,
  lists: RecordData[][],
  more: Partial<StreamPlan> = {},
): Promise<(string | null)[]> {
  const plan = dedupPlan(job, more);
  await bench.attempt(jobOf(job), [plan], async (writer) => {
    for (const records of lists) {
      await writer.write(plan.key, batch(records));
      await writer.commit([stateOf(plan, {}, records.length)]);
    }
    await writer.finish(stateOf(plan, {}, 0));
  });
  return column(await bench.rows('things'), 'v').sort();
}

/** One row for each primary key, and the right one. */
export function describeDedup(harness: DestinationHarness): void {
  describe('deduplication', () => {
    it('keeps the row that came last for each key, within a commit and across them', async () => {
      const bench = await Bench.at(harness);
      expect(
        await merge(bench, 1, [
          [
            { id: 1, v: 'a' },
            { id: 1, v: 'b' },
            { id: 2, v: 'c' },
          ],
        ]),
      ).toEqual(['b', 'c']);
      expect(
        await merge(bench, 2, [
          [{ id: 2, v: 'd' }],
          [
            { id: 2, v: 'e' },
            { id: 3, v: 'f' },
          ],
        ]),
      ).toEqual(['b', 'e', 'f']);
    });

    it('keeps the row with the greatest cursor, whatever the order', async () => {
      const bench = await Bench.at(harness);
      const cursor = { cursorField: ['at'] };
      expect(
        await merge(
          bench,
          1,
          [
            [
              { id: 1, v: 'new', at: 9 },
              { id: 1, v: 'old', at: 3 },
            ],
            [{ id: 1, v: 'older', at: 1 }],
          ],
          cursor,
        ),
      ).toEqual(['new']);
      expect(await merge(bench, 2, [[{ id: 1, v: 'null', at: null }], [{ id: 1, v: 'equal', at: 9 }]], cursor)).toEqual(
        ['equal'],
      );
    });

    it('goes by the order of arrival even when the clock was set back', async () => {
      const bench = await Bench.at(harness);
      await merge(bench, 1, [[{ id: 1, v: 'first' }]]);
      bench.clock -= 86_400_000;
      expect(await merge(bench, 2, [[{ id: 1, v: 'second' }]])).toEqual(['second']);
    });

    it('takes composite and nested keys, with nulls in them', async () => {
      const bench = await Bench.at(harness);
      const primaryKey = [['id'], ['key', 'part']];
      const records = [
        { id: 1, key: { part: 'x' }, v: 'a' },
        { id: 1, key: { part: 'y' }, v: 'b' },
        { id: 1, key: { part: 'x' }, v: 'c' },
        { id: null, key: { part: 'x' }, v: 'd' },
        { id: null, key: { part: 'x' }, v: 'e' },
      ];
      expect(await merge(bench, 1, [records], { primaryKey })).toEqual(['b', 'c', 'e']);
    });

    it('loses no row that has no key at all', async () => {
      const bench = await Bench.at(harness);
      expect(await merge(bench, 1, [[{ v: 'a' }, { v: 'b' }], [{ id: null, v: 'c' }]])).toEqual(['a', 'b', 'c']);
    });
  });
}
