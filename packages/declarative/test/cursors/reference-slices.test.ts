import { readFileSync } from 'node:fs';
import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { buildCursor } from './build-cursor.js';

/** One cursor with what airbyte-cdk 7.39.1 made of it: its slices, which values it keeps, its state at the end. */
interface Asked {
  cursor: JsonObject;
  state?: JsonObject;
  slices: JsonObject[];
  /** In which order the slices were closed, with the cursor values that were seen in each. */
  order: number[];
  records: string[][];
  states: JsonObject[];
  new: [string, boolean][];
}
/** The clock stood at this moment. */
const NOW = '2024-03-02T10:20:30Z';
const file = process.env.REFERENCE_SLICES ?? new URL('reference-slices.jsonl', import.meta.url);
const cases = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Asked);
const answered = cases.filter((one) => one.slices !== undefined);

describe('slices and states as the reference has them', () => {
  it.each(
    answered.map((one, index) => [`${index} ${one.cursor.datetime_format} ${one.cursor.step ?? ''}`, one] as const),
  )('%s', (_name, one) => {
    const sync = buildCursor({ cursor_field: 'at', ...one.cursor }, { now: NOW });
    const cursor = sync.cursor(one.state, { fingerprint: 'f', warn: () => {} });
    const slices = [...cursor.slices()].map(({ slice }) => slice);
    // A step below what the format can write gives the same request again in the reference; here once.
    const distinct = one.slices.filter((slice, i) => JSON.stringify(slice) !== JSON.stringify(one.slices[i - 1]));
    expect(slices).toEqual(distinct);
    expect(one.new.map(([value]) => sync.isNew({ at: value }, one.state))).toEqual(one.new.map(([, isNew]) => isNew));
    if (distinct.length < one.slices.length) return;
    for (const [step, at] of one.order.entries()) {
      cursor.observe(
        slices[at]!,
        (one.records[step] ?? []).map((value) => ({ at: value })),
      );
      cursor.close(slices[at]!);
    }
    expect(cursor.state()).toEqual(one.states.at(-1));
  });
});
