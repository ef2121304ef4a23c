import { describe, expect, it } from 'vitest';
import { filters, interpolate, macros, tests } from '../src/index.js';

const kinds = { filters, macros, tests };

for (const [kind, words] of Object.entries(kinds)) {
  describe(kind, () => {
    for (const word of words) {
      it(word.name, () => {
        expect(word.summary).toMatch(/\.$/);
        expect(word.examples.length).toBeGreaterThan(0);
        for (const { template, context, result } of word.examples) {
          expect([template, interpolate(template, context ?? {})]).toEqual([template, result]);
        }
      });
    }
  });
}

it('no name is taken twice', () => {
  for (const words of Object.values(kinds)) {
    const names = words.flatMap((word) => [word.name, ...(word.aliases ?? [])]);
    expect(new Set(names).size).toBe(names.length);
  }
});
