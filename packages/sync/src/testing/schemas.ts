import type { RecordData } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import {
  Bench,
  batch,
  column,
  type DestinationHarness,
  integer,
  itNeeds,
  jobOf,
  json,
  needs,
  planOf,
  schemaOf,
  stateOf,
  text,
  truth,
} from './harness.js';
import { digits, land } from './values.js';

const append = { destinationSyncMode: 'append' } as const;

/** Columns come, widen, stay; names are safe and stable. */
export function describeSchemas(harness: DestinationHarness): void {
  describe('schemas', () => {
    itChangesColumns(harness);
    itMeetsOddRecords(harness);
  });
}

/** Columns that come, go and change. */
function itChangesColumns(harness: DestinationHarness): void {
  itNeeds(harness, 'types', 'adds new columns, keeps removed ones, widens changed ones', async () => {
    for (const more of [append, {}]) {
      const bench = await Bench.at(harness);
      await land(
        bench,
        1,
        schemaOf({ id: integer, gone: text, kind: integer }),
        [[{ id: 1, gone: 'x', kind: 7 }]],
        more,
      );
      const rows = await land(
        bench,
        2,
        schemaOf({ id: integer, fresh: text, kind: text }),
        [[{ id: 2, fresh: 'y', kind: 'b' }]],
        more,
      );
      const last = rows.at(-1)!;
      expect(last).toMatchObject({ id: '2', gone: null, fresh: 'y', kind: 'b' });
      if (more === append) expect(rows[0]).toMatchObject({ id: '1', gone: 'x', fresh: null, kind: '7' });
      else expect(rows).toHaveLength(1);
    }
  });

  const { skip, why } = needs(harness, 'retype');
  it.skipIf(skip)(`loses nothing when types change to and fro${why}`, async () => {
    const bench = await Bench.at(harness);
    const at = { type: 'string', format: 'date-time' };
    await land(
      bench,
      1,
      schemaOf({ v: { type: 'boolean' }, w: at }),
      [[{ v: true, w: '2024-01-02T03:04:05.5Z' }]],
      append,
    );
    await land(bench, 2, schemaOf({ v: integer, w: text }), [[{ v: 5, w: 'now' }]], append);
    await land(
      bench,
      3,
      schemaOf({ v: { type: 'object' }, w: at }),
      [[{ v: { a: 1 }, w: '2025-01-01T00:00:00Z' }]],
      append,
    );
    const rows = await land(bench, 4, schemaOf({ v: { type: 'number' }, w: at }), [[{ v: 0.5, w: null }]], append);
    expect(column(rows, 'v').map(json)).toEqual(['"true"', '"5"', '{"a":1}', '0.5']);
    expect(column(rows, 'w')).toEqual(['2024-01-02T03:04:05.500000Z', 'now', '2025-01-01T00:00:00Z', null]);
  });

  itNeeds(harness, 'types', 'keeps fields that the schema does not name', async () => {
    const bench = await Bench.at(harness);
    const records: RecordData[][] = [
      [{ id: 1, extra: 'a', count: 1 }],
      [
        { id: 2, count: 2.5, deep: { x: [1] } },
        { id: 3, extra: 7, deep: 'text', empty: null },
      ],
      [{ id: 4, count: 12345678901234567890n }],
    ];
    const rows = await land(bench, 1, schemaOf({ id: integer }), records);
    expect(column(rows, 'id')).toEqual(['1', '2', '3', '4']);
    expect(column(rows, 'extra')).toEqual(['a', null, '7', null]);
    expect(column(rows, 'count').map(digits)).toEqual(['1', '2.5', null, '12345678901234567890']);
    expect(column(rows, 'deep').map(json)).toEqual([null, '{"x":[1]}', '"text"', null]);
  });
}

/** Very wide records, odd names, widening in the middle of a commit. */
function itMeetsOddRecords(harness: DestinationHarness): void {
  itNeeds(harness, 'types', 'does not make columns without end', async () => {
    const bench = await Bench.at(harness);
    const wide = Object.fromEntries(Array.from({ length: 1_500 }, (_, index) => [`f${index}`, index]));
    const [row] = await land(bench, 1, schemaOf({ id: integer }), [[{ id: 1, ...wide }]]);
    const { _airbyte_undeclared: rest } = row!;
    expect(Object.keys(row!).length).toBeLessThan(1_100);
    const found = {
      ...(JSON.parse(rest!) as object),
      ...Object.fromEntries(Object.entries(row!).map(([key, value]) => [key, Number(value)])),
    };
    expect(found).toMatchObject(wide);
  });

  it('keeps what records have when the widening comes in the middle of a commit', async () => {
    const bench = await Bench.at(harness);
    const plan = planOf(jobOf(1), { schema: schemaOf({ id: integer }), ...append });
    await bench.attempt(jobOf(1), [plan], async (writer) => {
      await writer.write(plan.key, batch(Array.from({ length: 3_000 }, (_, id) => ({ id }))));
      await writer.write(plan.key, batch([{ id: 99999999999999999999n, extra: 1 }]));
      await writer.commit([stateOf(plan, {}, 3_001)]);
      await writer.write(plan.key, batch([{ id: 5, extra: 'text', more: true }]));
      await writer.finish(stateOf(plan, {}, 1));
    });
    const rows = await bench.rows('things');
    expect(rows).toHaveLength(3_002);
    expect(rows.at(-2)).toMatchObject({ id: '99999999999999999999', extra: '1' });
    expect(rows.at(-1)).toMatchObject({ id: '5', extra: 'text' });
    expect(truth(rows.at(-1)!.more)).toBe(true);
  });
}
