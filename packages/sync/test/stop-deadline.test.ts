import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StopDeadline, SyncStopped } from '../src/stop-deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});
const forever = () => new Promise<string>(() => undefined);

describe('the deadline of a stop', () => {
  it('is one for all: the source has 2.8 s from the stop on, everything 4 s', async () => {
    const stop = new AbortController();
    const deadline = new StopDeadline(stop.signal);
    const over: string[] = [];
    void deadline.source.then(() => over.push('source'));
    void deadline.all.then(() => over.push('all'));
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(over).toEqual([]);
    stop.abort();
    await vi.advanceTimersByTimeAsync(2_700);
    expect(over).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(over).toEqual(['source']);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(over).toEqual(['source', 'all']);
  });

  it('ends what is waited for, also when the stop came before it', async () => {
    const deadline = new StopDeadline(AbortSignal.abort());
    const first = deadline.within(forever());
    const second = deadline.within(forever());
    first.catch(() => undefined);
    second.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(2_900);
    await expect(first).rejects.toBeInstanceOf(SyncStopped);
    await expect(second).rejects.toBeInstanceOf(SyncStopped);
    expect(await deadline.within(Promise.resolve('done')).catch(() => 'stopped')).toBe('done');
  });

  it('hands what comes too late to whoever has to close it', async () => {
    const deadline = new StopDeadline(AbortSignal.abort());
    let answer: (value: string) => void = () => undefined;
    const work = new Promise<string>((resolve) => {
      answer = resolve;
    });
    const late: string[] = [];
    const waited = deadline.within(work, (value) => late.push(value)).catch((error) => error);
    await vi.advanceTimersByTimeAsync(2_900);
    expect(await waited).toBeInstanceOf(SyncStopped);
    answer('a connection');
    await vi.advanceTimersByTimeAsync(0);
    expect(late).toEqual(['a connection']);
  });

  it('leaves no timer behind', () => {
    const stop = new AbortController();
    const deadline = new StopDeadline(stop.signal);
    stop.abort();
    expect(vi.getTimerCount()).toBe(2);
    deadline.dispose();
    expect(vi.getTimerCount()).toBe(0);
  });
});
