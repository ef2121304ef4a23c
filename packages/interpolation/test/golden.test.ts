import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { mismatch, readRows } from './golden-rows.js';

const own = fileURLToPath(new URL('./golden.jsonl', import.meta.url));
const shared = fileURLToPath(new URL('../../../../shared/conformance/expressions.jsonl', import.meta.url));

/** An address in the memory of the process that recorded the row (`<built-in method title of str object at 0x7f…>`). */
const ADDRESS = / at 0x[0-9a-f]+/;

async function mismatches(file: string): Promise<{ count: number; wrong: string[] }> {
  const wrong: string[] = [];
  let count = 0;
  for await (const row of readRows(file)) {
    if (
      ADDRESS.test(
        JSON.stringify(row.value, (_key, value) => (typeof value === 'bigint' ? String(value) : value)) ?? '',
      )
    )
      continue;
    count++;
    const found = mismatch(row);
    if (found) wrong.push(found);
  }
  return { count, wrong };
}

describe('rows recorded from the reference', () => {
  it('every filter, test, macro, method and directive gives what it gives there', async () => {
    const { count, wrong } = await mismatches(own);
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(2500);
  });

  it.skipIf(!existsSync(shared))('templates of published connectors do too', async () => {
    const { count, wrong } = await mismatches(shared);
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(5900);
  });
});
