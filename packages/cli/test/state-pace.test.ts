import { describe, expect, it } from 'vitest';
import { StatePace } from '../src/output/state-pace.js';

describe('StatePace', () => {
  it('lets a small state follow every page', () => {
    const pace = new StatePace(() => 0);
    for (let page = 0; page < 5; page++) {
      expect(pace.isDue(100)).toBe(true);
      pace.sent(200);
    }
  });

  it('keeps a growing state below a few per cent of the records', () => {
    const pace = new StatePace(() => 0);
    let records = 0;
    let states = 0;
    let open = 0;
    for (let page = 1; page <= 5_000; page++) {
      records += 1_500;
      open++;
      if (!pace.isDue(1_500)) continue;
      const size = page * 120;
      states += size;
      open = 0;
      pace.sent(size);
    }
    expect(states / records).toBeLessThan(0.07);
    expect(open).toBeLessThan(4_000);
  });

  it('is due after a minute, however little was read', () => {
    let now = 0;
    const pace = new StatePace(() => now);
    pace.isDue(1);
    pace.sent(1_000_000);
    expect(pace.isDue(1)).toBe(false);
    now = 60_000;
    expect(pace.isDue(1)).toBe(true);
  });
});
