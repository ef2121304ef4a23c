import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { LineWriter } from '../src/output/line-writer.js';

const KIBIBYTE_LINE = `${'x'.repeat(1023)}\n`;

describe('LineWriter', () => {
  it('writes in pieces of at least 64 KiB and loses nothing', async () => {
    const pieces: number[] = [];
    let text = '';
    const out = new Writable({
      write(chunk: Buffer, _encoding, done) {
        if (chunk.length > 0) pieces.push(chunk.length);
        text += chunk.toString();
        done();
      },
    });
    const lines = new LineWriter(out);
    for (let i = 0; i < 200; i++) await lines.write(KIBIBYTE_LINE);
    await lines.flush();
    expect(text).toBe(KIBIBYTE_LINE.repeat(200));
    expect(Math.min(...pieces.slice(0, -1))).toBeGreaterThanOrEqual(65_536);
  });

  it('holds the writer back until a slow reader has caught up', async () => {
    const out = new PassThrough({ highWaterMark: 1024 });
    const lines = new LineWriter(out);
    let held: unknown;
    for (let i = 0; i < 64; i++) held = lines.write(KIBIBYTE_LINE);
    expect(held).toBeInstanceOf(Promise);
    let settled = false;
    void (held as Promise<void>).then(() => {
      settled = true;
    });
    await new Promise(setImmediate);
    expect(settled).toBe(false);
    out.resume();
    await held;
    expect(settled).toBe(true);
  });

  it('sends what is left when nothing more comes', async () => {
    const out = new PassThrough();
    const lines = new LineWriter(out);
    lines.write('one\n');
    const [text] = await new Promise<Buffer[]>((resolve) => out.once('data', (data: Buffer) => resolve([data])));
    expect(String(text)).toBe('one\n');
  });

  it('says what writing failed with', async () => {
    const out = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no space left')) });
    const lines = new LineWriter(out);
    lines.write('one\n');
    await expect(lines.flush()).rejects.toThrow('no space left');
    expect(() => lines.write(KIBIBYTE_LINE.repeat(64))).toThrow('no space left');
  });
});
