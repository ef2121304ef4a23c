import { describe, expect, it } from 'vitest';
import { LineSieve } from '../src/destinations/jsonl/line-sieve.ts';

const line = (n: number, data: string) => `{"stream":"s","n":${n},"_airbyte_data":{"text":${JSON.stringify(data)}}}\n`;
const isOdd = (head: string) => (JSON.parse(head) as { n: number }).n % 2 === 1;

function sifted(text: string, size: number, isMeant = isOdd): { text: string; removed: number } {
  const sieve = new LineSieve(isMeant);
  const bytes = Buffer.from(text);
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(...[...sieve.pass(bytes.subarray(at, at + size))]);
  out.push(...sieve.end());
  return { text: Buffer.concat(out).toString(), removed: sieve.removed };
}

describe('LineSieve', () => {
  const texts = ['', 'plain', 'a "quoted", \u2028 é 😀', ',"_airbyte_data":{"n":1}', 'x'.repeat(700), 'end'];
  const all = texts.map((text, n) => line(n, text));

  it('takes lines out whatever the pieces they come in, and leaves the others to the byte', () => {
    const kept = all.filter((_, n) => n % 2 === 0).join('');
    for (const size of [1, 2, 3, 7, 50, 51, 52, 64, 333, 100_000])
      expect(sifted(all.join(''), size), `pieces of ${size}`).toEqual({ text: kept, removed: 3 });
  });

  it('keeps all, takes all, and knows an empty file', () => {
    for (const size of [1, 60, 100_000]) {
      expect(sifted(all.join(''), size, () => false)).toEqual({ text: all.join(''), removed: 0 });
      expect(sifted(all.join(''), size, () => true)).toEqual({ text: '', removed: all.length });
    }
    expect(sifted('', 10)).toEqual({ text: '', removed: 0 });
  });

  it('ends a last line that was cut off, in its head or behind it', () => {
    const last = line(4, 'four');
    for (const length of [9, last.length - 5])
      expect(sifted(all[0] + last.slice(0, length), 16)).toEqual({
        text: `${all[0]}${last.slice(0, length)}\n`,
        removed: 0,
      });
    expect(sifted(all[0] + line(3, 'three').slice(0, -5), 16)).toEqual({ text: all[0], removed: 1 });
  });

  it('looks at a line without data as a whole', () => {
    expect(sifted(`{"n":1}\n{"n":2}\n${all[0]}`, 5)).toEqual({ text: `{"n":2}\n${all[0]}`, removed: 1 });
  });
});
