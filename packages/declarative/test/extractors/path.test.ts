import { readFileSync } from 'node:fs';
import type { Json } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { Path } from '../../src/component/path.js';

// Random values and paths through dpath 2.
const rows = readFileSync(new URL('path-rows.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as { path: string[]; in: Json; out: Json[] });

describe('Path', () => {
  it('finds what dpath finds, in its order', () => {
    expect(rows.length).toBeGreaterThan(100);
    for (const row of rows) expect(new Path(row.path).values(row.in), JSON.stringify(row)).toEqual(row.out);
  });

  it('looks at nothing but what can match', () => {
    const trap = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('looked into');
        },
      },
    );
    expect(new Path(['a', '*']).values({ a: [1], b: trap })).toEqual([1]);
  });

  it('sets and removes a key named __proto__ like any other', () => {
    const root = JSON.parse('{"a":{"__proto__":1,"b":2}}') as object;
    const without = new Path(['a', '__proto__']).without(root) as { a: object };
    expect(Object.keys(without.a)).toEqual(['b']);
    expect(Object.getPrototypeOf(without.a)).toBe(Object.prototype);
  });
});
