import { describe, expect, it } from 'vitest';
import { lastStates, proveResume, rows, transcript } from '../src/testing.js';
import { memoryData, memoryStream } from './memory-stream.js';

const ids = (n: number): string[] => Array.from({ length: n }, (_, i) => `p${i}`);

describe('resume after every message', () => {
  for (const concurrency of [1, 10]) {
    for (const seed of [1, 7, 99]) {
      it(`one unit, ${concurrency} readers, seed ${seed}`, async () => {
        expect(
          await proveResume(() => [memoryStream(memoryData('flat', [''], 5, 3, seed))], { concurrency }),
        ).toBeGreaterThan(15);
      });
      it(`twelve partitions, ${concurrency} readers, seed ${seed}`, async () => {
        expect(
          await proveResume(() => [memoryStream(memoryData('parts', ids(12), 3, 2, seed))], { concurrency }),
        ).toBeGreaterThan(80);
      });
      it(`streams beside each other, ${concurrency} readers, seed ${seed}`, async () => {
        const make = () => [
          memoryStream(memoryData('a', [''], 4, 2, seed)),
          memoryStream(memoryData('b', ids(4), 2, 2, seed + 1)),
          memoryStream(memoryData('c', [''], 1, 2, seed + 2)),
        ];
        expect(await proveResume(make, { concurrency })).toBeGreaterThan(30);
      });
    }
  }

  it('folds many done partitions and goes on from the fold', async () => {
    const make = () => [memoryStream(memoryData('many', ids(450), 1, 1, 3))];
    const whole = await transcript(make(), { concurrency: 8 });
    const largest = Math.max(
      ...whole.sent.map((message) => (message.kind === 'state' ? JSON.stringify(message.state).length : 0)),
    );
    expect(largest).toBeLessThan(20_000);
    expect(await proveResume(make, { concurrency: 8, step: 61 })).toBeGreaterThan(10);
  });

  it('begins a refused position anew and takes its rows back', async () => {
    const data = memoryData('flat', [''], 4, 2, 0);
    const first = await transcript([memoryStream(data)], { killAfter: 5 });
    expect(lastStates(first.sent).get('flat')).toMatchObject({ next_page_token: 1 });
    const second = await transcript([memoryStream({ ...data, refused: new Set([1]) })], {
      states: lastStates(first.sent),
    });
    expect(second.sent[0]).toMatchObject({ kind: 'restart' });
    expect(rows([...first.sent, ...second.sent])).toHaveLength(8);
  });

  it('begins anew when the pages are asked for in another way', async () => {
    const data = memoryData('flat', [''], 4, 2, 0);
    const first = await transcript([memoryStream(data)], { killAfter: 5 });
    const second = await transcript([memoryStream({ ...data, fingerprint: 'other' })], {
      states: lastStates(first.sent),
    });
    expect(second.sent[0]).toMatchObject({ kind: 'restart' });
    expect(rows(second.sent)).toHaveLength(8);
  });

  it('reads nothing again of a stream that is complete, all of another generation', async () => {
    const complete = new Map([['flat', { __ab_full_refresh_sync_complete: true }]]);
    const again = await transcript([memoryStream(memoryData('flat', [''], 3, 2))], { states: complete });
    expect(rows(again.sent)).toHaveLength(0);
    expect(lastStates(again.sent).get('flat')).toEqual({ __ab_full_refresh_sync_complete: true });
  });

  it('never takes the sentinel of streams without a cursor for complete', async () => {
    const sentinel = new Map([['flat', { __ab_no_cursor_state_message: true }]]);
    expect(
      rows((await transcript([memoryStream(memoryData('flat', [''], 3, 2))], { states: sentinel })).sent),
    ).toHaveLength(6);
  });
});

describe('the states of a full refresh', () => {
  it('are a page token after each page and complete at the end', async () => {
    const { sent } = await transcript([memoryStream(memoryData('flat', [''], 3, 1, 0))]);
    expect(
      sent.map((message) =>
        message.kind === 'state' ? message.state : message.kind === 'record' ? message.record.id : message.unit,
      ),
    ).toEqual([
      '/0/0',
      { next_page_token: 1, __tidemark: { v: 1, fingerprint: 'f' } },
      '/1/0',
      { next_page_token: 2, __tidemark: { v: 1, fingerprint: 'f' } },
      '/2/0',
      { __ab_full_refresh_sync_complete: true },
      { __ab_full_refresh_sync_complete: true },
    ]);
  });
  it('name each partition', async () => {
    const { sent } = await transcript([memoryStream(memoryData('parts', ['x', 'y'], 2, 1, 0))], { concurrency: 1 });
    const states = sent.flatMap((message) => (message.kind === 'state' ? [message.state] : []));
    expect(states[0]).toEqual({
      states: [{ partition: { id: 'x' }, cursor: { next_page_token: 1, __tidemark: { v: 1, fingerprint: 'f' } } }],
      __tidemark: { v: 1 },
    });
    expect(states[1]).toEqual({
      states: [{ partition: { id: 'x' }, cursor: { __ab_full_refresh_sync_complete: true } }],
      __tidemark: { v: 1 },
    });
    expect(states.at(-1)).toEqual({ __ab_full_refresh_sync_complete: true });
  });
});
