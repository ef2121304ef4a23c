import { readFileSync } from 'node:fs';
import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { buildCursor } from './build-cursor.js';

interface Asked {
  cursor: JsonObject;
  state?: JsonObject;
  error?: string;
  slices: JsonObject[];
  order: number[];
  records: string[][];
  states: JsonObject[];
  new: [string, boolean][];
}
const asked = JSON.parse(readFileSync(process.env.ASKED ?? new URL('slices.json', import.meta.url), 'utf8')) as { now: string; cases: Asked[] };

describe('slices and states as the reference has them', () => {
  for (const [index, one] of asked.cases.entries()) {
    if (one.error) continue;
    it(`case ${index}`, () => {
      const sync = buildCursor({ cursor_field: 'at', ...one.cursor }, { now: asked.now });
      const cursor = sync.cursor(one.state, { fingerprint: 'f', warn: () => {} });
      const slices = [...cursor.slices()].map(({ slice }) => slice);
      const distinct = one.slices.filter((slice, i) => JSON.stringify(slice) !== JSON.stringify(one.slices[i - 1]));
      expect(slices).toEqual(distinct);
      for (const [value, isNew] of one.new) expect([value, sync.isNew({ at: value }, one.state)]).toEqual([value, isNew]);
      if (distinct.length < one.slices.length) return;
      one.order.forEach((at, step) => {
        cursor.observe(slices[at]!, (one.records[step] ?? []).map((value) => ({ at: value })));
        cursor.close(slices[at]!);
      });
      expect(cursor.state()).toEqual(one.states.at(-1));
    });
  }
});
