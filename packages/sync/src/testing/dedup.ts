import { type RecordData, WHOLE_STREAM } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import type { StreamPlan } from '../destination.js';
import { Bench, batch, column, type DestinationHarness, jobOf, needs, planOf, schemaOf, stateOf } from './harness.js';

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
  const { skip, why } = needs(harness, 'deduplicate');
  describe.skipIf(skip)(`deduplication${why}`, () => {
    itKeepsTheRightRow(harness);
    itTakesLargeRows(harness);
    itKnowsKeys(harness);
    itDeduplicatesTables(harness);
    itDeletes(harness);
    itEmpties(harness);
  });
}

function itKeepsTheRightRow(harness: DestinationHarness): void {
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
    expect(await merge(bench, 2, [[{ id: 1, v: 'null', at: null }], [{ id: 1, v: 'equal', at: 9 }]], cursor)).toEqual([
      'equal',
    ]);
  });

  it('goes by the order of arrival even when the clock was set back', async () => {
    const bench = await Bench.at(harness);
    await merge(bench, 1, [[{ id: 1, v: 'first' }]]);
    bench.clock -= 86_400_000;
    expect(await merge(bench, 2, [[{ id: 1, v: 'second' }]])).toEqual(['second']);
  });

  it('goes by the order of arrival where cursor and time are equal, over thousands of rows of a key', async () => {
    const bench = await Bench.at(harness);
    const many = (from: number) =>
      Array.from({ length: 5_000 }, (_, index) => ({ id: index % 3, v: `${from + index}`, at: 1 }));
    expect(await merge(bench, 1, [many(10_000), many(20_000)], { cursorField: ['at'] })).toEqual([
      '24997',
      '24998',
      '24999',
    ]);
  });
}

/** Keys of every shape. */
function itTakesLargeRows(harness: DestinationHarness): void {
  it('keeps one row for each key of large rows that are covered together', async () => {
    const bench = await Bench.at(harness);
    const large = (v: string) => v.repeat(3_000_000);
    const rows = [...'abcdefg'].map((v, index) => ({ id: index % 3, v: large(v) }));
    const plan = dedupPlan(1);
    await bench.attempt(jobOf(1), [plan], async (writer) => {
      for (const row of rows) await writer.write(plan.key, batch([row]));
      await writer.finish(stateOf(plan, {}, rows.length));
    });
    const found = column(await bench.rows('things'), 'v');
    expect(found.map((v) => [v?.[0], v?.length]).sort()).toEqual([...'efg'].map((v) => [v, 3_000_000]));
  }, 60_000);
}

function itKnowsKeys(harness: DestinationHarness): void {
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

  it('takes long keys, numbers as keys, and keys whose column widens', async () => {
    const bench = await Bench.at(harness);
    const long = 'k'.repeat(20_000);
    const texts = { ...schemaOf({ id: { type: 'string' }, v: { type: 'string' } }) };
    expect(
      await merge(
        bench,
        1,
        [
          [
            { id: long, v: 'a' },
            { id: `${long}2`, v: 'b' },
          ],
          [{ id: long, v: 'c' }],
        ],
        { schema: texts },
      ),
    ).toEqual(['b', 'c']);
    const numbers = await Bench.at(harness);
    const big = 12345678901234567890n;
    expect(
      await merge(numbers, 1, [
        [
          { id: 1, v: 'a' },
          { id: 2, v: 'b' },
        ],
        [
          { id: big, v: 'c' },
          { id: 1, v: 'd' },
        ],
        [{ id: big, v: 'e' }],
      ]),
    ).toEqual(['b', 'd', 'e']);
  });
}

/** Tables that are written beside, or were written in another mode. */
function itDeduplicatesTables(harness: DestinationHarness): void {
  it('deduplicates a full refresh in its own table', async () => {
    const bench = await Bench.at(harness);
    const plan = (job: number) =>
      planOf(jobOf(job), { schema, destinationSyncMode: 'overwrite_dedup', primaryKey: [['id']], cursorField: ['at'] });
    for (const [job, v] of [
      [1, 'old'],
      [2, 'new'],
    ] as const) {
      const one = plan(job);
      await bench.attempt(jobOf(job), [one], async (writer) => {
        await writer.write(
          one.key,
          batch([
            { id: 1, v, at: 5 },
            { id: 2, v, at: 1 },
          ]),
        );
        await writer.commit([stateOf(one, { page: 1 }, 2)]);
        await writer.write(
          one.key,
          batch([
            { id: 1, v: 'older', at: 4 },
            { id: 2, v: `${v}er`, at: 2 },
          ]),
        );
        await writer.finish(stateOf(one, {}, 2));
      });
      expect(column(await bench.rows('things'), 'v').sort()).toEqual([v, `${v}er`]);
    }
  });

  it('begins to deduplicate a stream that was appended to before', async () => {
    const bench = await Bench.at(harness);
    const plan = planOf(jobOf(1), { schema, syncMode: 'incremental', destinationSyncMode: 'append', generation: 1 });
    await bench.attempt(jobOf(1), [plan], async (writer) => {
      await writer.write(
        plan.key,
        batch([
          { id: 1, v: 'a' },
          { id: 1, v: 'b' },
          { id: 2, v: 'c' },
        ]),
      );
      await writer.finish(stateOf(plan, {}, 3));
    });
    expect(await merge(bench, 2, [[{ id: 1, v: 'd' }]])).toEqual(['c', 'd']);
  });
}

/** A record with `_ab_cdc_deleted_at` says that the row was deleted at the source. */
function itEmpties(harness: DestinationHarness): void {
  it('takes every row back, whichever job and unit it is of, where the whole stream begins anew', async () => {
    const bench = await Bench.at(harness);
    const rows = (...ids: number[]) => ids.map((id) => ({ id, v: `v${id}` }));
    expect(await merge(bench, 1, [rows(1), rows(2)])).toEqual(['v1', 'v2']);
    const plan = dedupPlan(2);
    await bench.attempt(jobOf(2), [plan], async (writer) => {
      await writer.write(plan.key, batch(rows(3)));
      await writer.commit([stateOf(plan, {}, 1)]);
      await writer.write(plan.key, batch(rows(4), 'other'));
      expect(await writer.restart(plan.key, WHOLE_STREAM)).toBe(0);
      await writer.write(plan.key, batch(rows(2, 5)));
      await writer.finish(stateOf(plan, {}, 3));
    });
    expect(column(await bench.rows('things'), 'v').sort()).toEqual(['v2', 'v5']);
    const empty = dedupPlan(3);
    await bench.attempt(jobOf(3), [empty], async (writer) => {
      await writer.restart(empty.key, WHOLE_STREAM);
      await writer.rollback();
    });
    expect(await bench.rows('things')).toHaveLength(2);
    const again = dedupPlan(4);
    await bench.attempt(jobOf(4), [again], async (writer) => {
      await writer.restart(again.key, WHOLE_STREAM);
      await writer.commit([stateOf(again, {}, 0)]);
      await writer.finish(stateOf(again, {}, 0));
    });
    expect(await bench.rows('things')).toEqual([]);
  });
}

function itDeletes(harness: DestinationHarness): void {
  const at = '2024-01-02T03:04:05Z';
  const deletable = schemaOf({
    id: { type: 'integer' },
    v: { type: 'string' },
    lsn: { type: 'integer' },
    _ab_cdc_deleted_at: { type: ['null', 'string'] },
  });

  it('deletes what the source has deleted, within a commit and across them', async () => {
    for (const declared of [true, false]) {
      const bench = await Bench.at(harness);
      const more = declared ? { schema: deletable, cursorField: ['lsn'] } : { cursorField: ['lsn'] };
      const first = [
        { id: 1, v: 'a', lsn: 1 },
        { id: 2, v: 'b', lsn: 2 },
        { id: 3, v: 'c', lsn: 3 },
        { id: 3, v: null, lsn: 4, _ab_cdc_deleted_at: at },
        { id: 4, v: 'd', lsn: 6 },
        { id: 4, v: null, lsn: 5, _ab_cdc_deleted_at: at },
      ];
      expect(await merge(bench, 1, [first], more)).toEqual(['a', 'b', 'd']);
      const second = [
        [{ id: 1, v: null, lsn: 7, _ab_cdc_deleted_at: at }],
        [
          { id: 1, v: 'again', lsn: 8 },
          { id: 2, v: null, lsn: 9, _ab_cdc_deleted_at: at },
        ],
        [
          { id: 5, v: null, lsn: 10, _ab_cdc_deleted_at: at },
          { id: 4, v: null, lsn: 1, _ab_cdc_deleted_at: at },
        ],
      ];
      expect(await merge(bench, 2, second, more)).toEqual(['again', 'd']);
    }
  });

  it('deletes in a full refresh too, and nothing in append mode', async () => {
    const bench = await Bench.at(harness);
    const records = [
      { id: 1, v: 'a' },
      { id: 1, v: null, _ab_cdc_deleted_at: at },
      { id: 2, v: 'b' },
    ];
    for (const destinationSyncMode of ['overwrite_dedup', 'append'] as const) {
      const plan = planOf(jobOf(1), {
        schema: deletable,
        destinationSyncMode,
        primaryKey: [['id']],
        stream: { name: destinationSyncMode },
      });
      await bench.attempt(jobOf(1), [plan], async (writer) => {
        await writer.write(plan.key, batch(records));
        await writer.finish(stateOf(plan, {}, 3));
      });
    }
    expect(column(await bench.rows('overwrite_dedup'), 'v')).toEqual(['b']);
    expect(await bench.rows('append')).toHaveLength(3);
  });
}
