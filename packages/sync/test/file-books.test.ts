import { existsSync, readdirSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { fileBooks } from '../src/books/file-books.ts';
import { FileLease } from '../src/books/file-lease.ts';
import type { Job, StreamPlan } from '../src/destination.ts';
import { planOf } from '../src/testing/harness.ts';
import { temporaryFolder } from './duckdb-file.ts';

let time = 1_700_000_000_000;
const logs: string[] = [];
const options = (more = {}) => ({
  clock: () => time,
  connection: 'shop',
  log: (level: string, message: string) => void logs.push(`${level} ${message}`),
  ...more,
});
const job: Job = { connection: 'shop', id: 1, nonce: 'n1', attempt: 1, fingerprint: 'f' };
const plan: StreamPlan = planOf(job, { stream: { name: 'orders', namespace: 'eu' } });
const place = () => `${temporaryFolder()}/deep/state.json`;

/** Books with one checkpoint more than one, so that there is a previous file. */
async function used(file: string): Promise<void> {
  const books = await fileBooks(file).open(options());
  await books.begin(job, [plan]);
  await books.store([{ stream: plan.key, state: { next_page_token: 2 }, rows: 10 }]);
  await books.store([{ stream: plan.key, state: { next_page_token: 3 }, rows: 5 }]);
  await books.close();
}

describe('file books', () => {
  it('keep jobs, states and attempts, numbers digit for digit', async () => {
    const file = place();
    const books = await fileBooks(file).open(options());
    expect(await books.load('shop')).toBeUndefined();
    await books.begin(job, [plan]);
    await books.store([{ stream: plan.key, state: { lsn: 12345678901234567890n }, rows: 7 }], { shared: { pos: 1 } });
    await books.store([{ stream: plan.key, state: { lsn: 12345678901234567891n }, rows: 3 }], { complete: true });
    await books.end(job, 'complete', { rows: 10, progressed: true });
    await books.close();
    const again = await fileBooks(file).open(options());
    const stored = await again.load('shop');
    expect(stored).toMatchObject({ job, outcome: 'complete', lastAttemptProgressed: true, shared: { pos: 1 } });
    expect(stored?.streams).toMatchObject([
      {
        stream: { name: 'orders', namespace: 'eu' },
        status: 'complete',
        state: { lsn: 12345678901234567891n },
        rows: 10,
      },
    ]);
    expect(await again.history('shop', 5)).toMatchObject([{ job: 1, attempt: 1, outcome: 'complete', rows: 10 }]);
    await again.close();
  });

  it('carry out orders about streams', async () => {
    const file = place();
    await used(file);
    const books = await fileBooks(file).open(options());
    const { stream } = plan;
    await books.reset('shop', [
      { stream, what: 'truncate' },
      { stream: { name: 'unknown' }, what: 'clear' },
    ]);
    expect((await books.load('shop'))?.streams).toMatchObject([{ pending: 'truncate', rows: 15, state: undefined }]);
    await books.reset('shop', [{ stream, what: 'state', state: { next_page_token: 9 } }], { lsn: 4 });
    expect(await books.load('shop')).toMatchObject({
      shared: { lsn: 4 },
      streams: [{ state: { next_page_token: 9 } }],
    });
    await books.begin({ ...job, attempt: 2 }, [plan]);
    expect((await books.load('shop'))?.streams[0]?.pending).toBeUndefined();
    await books.close();
  });

  it('keep a bounded history', async () => {
    const file = place();
    const books = await fileBooks(file).open(options());
    for (let attempt = 1; attempt <= 130; attempt++) await books.begin({ ...job, attempt }, []);
    expect(await books.history('shop', 1_000)).toHaveLength(100);
    expect((await books.history('shop', 2)).map((one) => one.attempt)).toEqual([130, 129]);
    await books.close();
  });
});

describe('damage', () => {
  it.each([0, 1, 40, 300])('goes on from the previous file when the file is cut to %i bytes', async (bytes) => {
    const file = place();
    await used(file);
    truncateSync(file, bytes);
    const looking = await fileBooks(file).open(options({ readOnly: true }));
    expect((await looking.load('shop'))?.streams).toMatchObject([{ state: { next_page_token: 2 } }]);
    await looking.close();
    expect(existsSync(`${file}.damaged`)).toBe(false);
    logs.length = 0;
    const books = await fileBooks(file).open(options());
    expect((await books.load('shop'))?.streams).toMatchObject([{ state: { next_page_token: 2 }, rows: 10 }]);
    expect(logs.join('\n')).toContain('is damaged');
    expect(existsSync(`${file}.damaged`)).toBe(true);
    await books.store([{ stream: plan.key, state: { next_page_token: 3 }, rows: 5 }]);
    await books.close();
    const after = await fileBooks(file).open(options());
    expect((await after.load('shop'))?.streams).toMatchObject([{ state: { next_page_token: 3 } }]);
    await after.close();
  });

  it('refuses when both files are damaged, and says what to do', async () => {
    const file = place();
    await used(file);
    truncateSync(file, 50);
    writeFileSync(`${file}.previous`, '{"some":"thing"}');
    await expect(fileBooks(file).open(options())).rejects.toMatchObject({
      kind: 'config',
      message: expect.stringMatching(/cut short.*backup.*delete both to begin anew/s),
    });
    // Nothing was thrown away, and the lease is free again.
    expect(readFileSync(file)).toHaveLength(50);
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it('does not begin anew silently when only the previous file is there', async () => {
    const file = place();
    await used(file);
    unlinkSync(file);
    await expect(fileBooks(file).open(options())).rejects.toThrow(/is gone, but .*previous is there. Rename/);
  });

  it('refuses the file of a newer Tidemark', async () => {
    const file = place();
    await used(file);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"tidemark_books":1', '"tidemark_books":2'));
    await expect(fileBooks(file).open(options())).rejects.toThrow(/newer Tidemark/);
  });
});

describe('lease', () => {
  it('keeps a second runner out and says who holds it', async () => {
    const file = place();
    const first = await fileBooks(file).open(options());
    await expect(fileBooks(file).open(options())).rejects.toMatchObject({
      kind: 'transient',
      message: expect.stringMatching(new RegExp(`held by another runner: process ${process.pid} .*'shop' since 2023`)),
    });
    await first.close();
    await (await fileBooks(file).open(options())).close();
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it('of a dead process on this machine is taken over at once, with a higher token', async () => {
    const file = place();
    const first = await fileBooks(file).open(options());
    await first.begin(job, [plan]);
    const lock = JSON.parse(readFileSync(`${file}.lock`, 'utf8'));
    await first.close();
    writeFileSync(`${file}.lock`, JSON.stringify({ ...lock, token: 7, pid: 2 ** 22 + 1 }));
    const second = await fileBooks(file).open(options());
    expect(JSON.parse(readFileSync(`${file}.lock`, 'utf8'))).toMatchObject({ token: 8, pid: process.pid });
    await second.close();
  });

  it('of a runner elsewhere runs out', async () => {
    const file = place();
    await (await fileBooks(file).open(options())).close();
    const elsewhere = {
      token: 3,
      connection: 'shop',
      machine: 'other x y',
      pid: 1,
      since: time,
      expires: time + 60_000,
    };
    writeFileSync(`${file}.lock`, JSON.stringify(elsewhere));
    await expect(fileBooks(file).open(options())).rejects.toThrow(/on other syncs/);
    time += 60_001;
    await (await fileBooks(file).open(options())).close();
  });

  it('that was overtaken writes nothing more', async () => {
    const file = place();
    const first = await fileBooks(file).open(options({ leaseSeconds: 10 }));
    await first.begin(job, [plan]);
    time += 11_000;
    const second = await fileBooks(file).open(options());
    await expect(first.store([{ stream: plan.key, state: { lost: true }, rows: 1 }])).rejects.toMatchObject({
      kind: 'system',
      message: expect.stringContaining('Another runner has taken over'),
    });
    await first.close();
    await second.store([{ stream: plan.key, state: { kept: true }, rows: 1 }]);
    await second.close();
    expect(readFileSync(file, 'utf8')).toContain('kept');
    expect(readFileSync(file, 'utf8')).not.toContain('lost');
  });

  it.each(['nothing', 'something'])(
    'is checked in the very write: a runner that slept after it looked cannot replace what the next one wrote (%s)',
    async (what) => {
      const file = place();
      if (what === 'something') await used(file);
      const first = await fileBooks(file).open(options({ leaseSeconds: 10 }));
      if (what === 'something') await first.begin({ ...job, attempt: 2 }, [plan]);
      // As if it had been stopped between looking and writing: it believes to hold the file for ever.
      const check = vi.spyOn(FileLease.prototype, 'check').mockResolvedValue(undefined);
      try {
        time += 11_000;
        const second = await fileBooks(file).open(options());
        const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
        const late = first.begin({ ...job, attempt: 3, nonce: 'of the late one' }, [plan]);
        await expect(late).rejects.toMatchObject({ kind: 'system', message: expect.stringMatching(/taken over/) });
        expect(existsSync(file) ? readFileSync(file, 'utf8') : undefined).toBe(before);
        await second.begin({ ...job, attempt: 4, nonce: 'second' }, [plan]);
        await second.store([{ stream: plan.key, state: { kept: true }, rows: 1 }]);
        const now = readFileSync(file, 'utf8');
        await expect(first.store([{ stream: plan.key, state: { lost: true }, rows: 1 }])).rejects.toThrow(/taken over/);
        expect(readFileSync(file, 'utf8')).toBe(now);
        await second.store([{ stream: plan.key, state: { kept: 2 }, rows: 1 }]);
        await second.close();
      } finally {
        check.mockRestore();
      }
      const third = await fileBooks(file).open(options());
      expect(await third.load('shop')).toMatchObject({ job: { nonce: 'second' }, streams: [{ state: { kept: 2 } }] });
      await third.close();
    },
  );

  it('a write that was broken off between its two steps is brought to its end', async () => {
    const file = place();
    await used(file);
    const hidden = () => {
      const names = readdirSync(dirname(file)).filter((name) => name.startsWith('.state.json.v'));
      expect(names).toHaveLength(1);
      return { path: `${dirname(file)}/${names[0]}`, number: Number(names[0]!.slice('.state.json.v'.length)) };
    };
    const { number } = hidden();
    const next = `${dirname(file)}/.state.json.v${number + 1}`;
    writeFileSync(next, readFileSync(file, 'utf8').replace('"next_page_token":3', '"next_page_token":4'));
    const books = await fileBooks(file).open(options());
    expect((await books.load('shop'))?.streams).toMatchObject([{ state: { next_page_token: 4 } }]);
    await books.close();
    expect(hidden().number).toBe(number + 2);
    expect(readFileSync(file, 'utf8')).toContain('"next_page_token":4');
  });

  it('an older copy in the place of the file is not taken unasked', async () => {
    const file = place();
    await used(file);
    const old = readFileSync(file, 'utf8').replace('"next_page_token":3', '"next_page_token":1');
    unlinkSync(file);
    writeFileSync(file, old);
    await expect(fileBooks(file).open(options())).rejects.toMatchObject({
      kind: 'config',
      message: expect.stringMatching(/not the one that was written last: that is .*\.state\.json\.v\d+\. Delete/),
    });
    const [name] = readdirSync(dirname(file)).filter((one) => one.startsWith('.state.json.v'));
    unlinkSync(`${dirname(file)}/${name}`);
    const books = await fileBooks(file).open(options());
    expect((await books.load('shop'))?.streams).toMatchObject([{ state: { next_page_token: 1 } }]);
    await books.close();
  });

  it('is taken by one of many who find the same dead runner', async () => {
    const file = place();
    await (await fileBooks(file).open(options())).close();
    const dead = { token: 3, connection: 'shop', machine: 'other x y', pid: 1, since: 0, expires: 1 };
    writeFileSync(`${file}.lock`, JSON.stringify(dead));
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => fileBooks(file).open(options())));
    expect(all.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    for (const one of all) if (one.status === 'fulfilled') await one.value.close();
  });
});
