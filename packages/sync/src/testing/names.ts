import type { RecordData } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import {
  Bench,
  batch,
  type DestinationHarness,
  itNeeds,
  jobOf,
  OWN,
  planOf,
  schemaOf,
  stateOf,
  text,
} from './harness.js';
import { land } from './values.js';

const append = { destinationSyncMode: 'append' } as const;
const LONG = 'n'.repeat(200);
const WIDE = 'ü😀'.repeat(60);
const NAMES = [
  'id',
  'ID',
  'Order Date',
  'order-date',
  '1st',
  '',
  'größe',
  'a"b',
  "it's; DROP TABLE x --",
  'select',
  'user',
  'constructor',
  '__proto__',
  '_airbyte_meta',
  '_AIRBYTE_RAW_ID',
  'ctid',
  'rowid',
  'tableoid',
  'a\u0000b',
  'a`b\\c',
  '🎉',
  LONG,
  `${LONG}2`,
  WIDE,
  `${WIDE}x`,
  `${'n'.repeat(62)}ü`,
];

/** Names of columns and tables: safe, stable, never two fields in one column. */
export function describeNames(harness: DestinationHarness): void {
  describe('names', () => {
    itNeeds(harness, 'types', 'gives odd names safe columns that stay the same', async () => {
      const bench = await Bench.at(harness);
      const record = () => Object.fromEntries(NAMES.map((name, index) => [name, `v${index}`])) as RecordData;
      const own = () => JSON.parse(JSON.stringify(record()).replace(/}$/, ',"__proto__":"v12"}')) as RecordData;
      const declared = NAMES.filter((name) => name !== '__proto__').map((name) => [name, text] as const);
      const first = await land(bench, 1, schemaOf(Object.fromEntries(declared)), [[own(), {}]]);
      const second = await land(bench, 2, schemaOf(Object.fromEntries([...declared].reverse())), [[{}, own()]]);
      const third = await land(bench, 3, schemaOf({}), [[own()]], append);
      const values = Object.values(first[0]!).filter((value) => /^v\d+$/.test(value ?? ''));
      // A reader in JavaScript does not see a column named `__proto__`.
      expect(new Set([...values, 'v12'])).toEqual(new Set(NAMES.map((_, index) => `v${index}`)));
      const columnOf = (row: object, value: string) => Object.entries(row).find(([, held]) => held === value)?.[0];
      for (const [index, name] of NAMES.entries()) {
        if (name === '__proto__') continue;
        for (const row of [second[1]!, third.at(-1)!])
          expect(columnOf(row, `v${index}`), name).toBe(columnOf(first[0]!, `v${index}`));
      }
      const empty = Object.entries(first[1]!).filter(([name, value]) => !OWN.has(name) && value !== null);
      expect(empty).toEqual([]);
      for (const name of Object.keys(first[0]!)) expect(name).toMatch(/^[\p{L}_][\p{L}\p{N}_]*$/u);
    });

    it('keeps streams with odd names apart, job after job', async () => {
      const bench = await Bench.at(harness);
      const names = ['Users', 'users', 'select', LONG, `${LONG}2`, WIDE, 'a\u0000b', 'x\'y"z`', '', '🎉'];
      for (const id of [1, 2]) {
        const job = jobOf(id);
        const plans = names.map((name) =>
          planOf(job, { stream: { name }, ...append, begin: id === 1 ? 'anew' : 'resume' }),
        );
        await bench.attempt(job, plans, async (...writers) => {
          for (const [index, plan] of plans.entries()) {
            await writers[index]!.write(plan.key, batch([{ id: index * 100 + id }]));
            await writers[index]!.finish(stateOf(plan, { name: plan.stream.name }, 1));
          }
        });
      }
      const { streams } = await bench.stored();
      expect(new Set(streams.map(({ stream }) => stream.name))).toEqual(new Set(names));
      for (const { stream, state, rows } of streams)
        expect({ state, rows }).toEqual({ state: { name: stream.name }, rows: 1 });
      expect(await bench.rows('select')).toHaveLength(2);
      expect(await bench.rows('Users')).toHaveLength(2);
    });
  });
}
