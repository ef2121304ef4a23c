import type { JsonObject } from '@tidemark/protocol';
import type { RecordData, StreamOutcome, Unit } from '@tidemark/source';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkpointPolicy } from '../src/checkpoint.ts';
import type { Batch, StreamState, Writer } from '../src/destination.ts';
import { StreamWriter } from '../src/stream-writer.ts';
import { count, emptyTally } from '../src/tally.ts';
import { jobOf, planOf } from '../src/testing/harness.ts';
import { rows } from './fake-source.ts';

const unit = (id: string): Unit => ({ id, partition: {}, slice: {} });
const wide = (count: number, from = 1): RecordData[] =>
  rows(count, from).map((row) => ({ ...row, fill: 'x'.repeat(1_000_000) }));

/** A destination that says what it was told, and can be slow or fail. */
class Recorder implements Writer {
  readonly told: string[] = [];
  pause: Promise<void> | undefined;
  failure: Error | undefined;
  async write(_stream: string, batch: Batch) {
    await this.pause;
    if (this.failure) throw this.failure;
    this.told.push(
      `write ${batch.pages.map((page) => `${page.unit}${page.records.map(({ id }) => id).join(',')}`).join(' ')}`,
    );
    const tally = emptyTally();
    for (const page of batch.pages) for (const hash of page.hashes) count(tally, hash);
    return { changed: 0, tally };
  }
  async restart(_stream: string, id: string) {
    this.told.push(`restart ${id}`);
    return 2;
  }
  async commit(states: readonly StreamState[]) {
    this.told.push(`commit ${states.map(({ state, rows: count }) => `${JSON.stringify(state)} ${count}`).join()}`);
  }
  async finish({ state, rows: count }: StreamState) {
    this.told.push(`finish ${JSON.stringify(state)} ${count}`);
  }
  async rollback() {
    this.told.push('rollback');
  }
  async close() {
    this.told.push('close');
  }
}

let now = 0;
let recorder: Recorder;
let failures: unknown[];
let warnings: string[];
const plan = planOf(jobOf(1));

/** A writer of one stream. */
function writerOf(policy: Parameters<typeof checkpointPolicy>[0] = {}) {
  const writer = new StreamWriter([plan], {
    policy: checkpointPolicy(policy),
    clock: () => now,
    open: async () => recorder,
    onCommit: () => undefined,
    onFailure: (error) => failures.push(error),
    warn: (message) => warnings.push(message),
  });
  const covering = (state: JsonObject) => ({ states: new Map([[plan.key, state]]) });
  return {
    page: (of: Unit, records: RecordData[], state?: () => JsonObject) =>
      writer.pages([{ stream: plan.key, unit: of, records }], state && (() => covering(state()))),
    restart: (of: Unit) => writer.restart(plan.key, of),
    finish: (state: JsonObject, outcome: StreamOutcome) =>
      writer.finish(covering(state), new Map([[plan.key, outcome]])),
    tick: () => writer.tick(),
    settle: () => writer.settle(),
    close: () => writer.close(),
  };
}
beforeEach(() => {
  now = 0;
  recorder = new Recorder();
  failures = [];
  warnings = [];
});

describe('checkpoints', () => {
  it('come by rows, by bytes and by time, with the state of that moment', async () => {
    const byRows = writerOf({ rows: 3 });
    await byRows.page(unit('a'), rows(2), () => ({ at: 2 }));
    expect(recorder.told).toEqual([]);
    await byRows.page(unit('a'), rows(2, 3), () => ({ at: 4 }));
    expect(recorder.told).toEqual(['write a1,2 a3,4', 'commit {"at":4} 4']);

    recorder = new Recorder();
    const byBytes = writerOf({ bytes: 1_500_000 });
    await byBytes.page(unit('a'), wide(1), () => ({}));
    expect(recorder.told).toEqual([]);
    await byBytes.page(unit('a'), wide(1, 2), () => ({}));
    expect(recorder.told.at(-1)).toBe('commit {} 2');

    recorder = new Recorder();
    const byTime = writerOf({ seconds: 10 });
    await byTime.page(unit('a'), rows(1), () => ({}));
    expect(byTime.tick()).toBeUndefined();
    now = 10_000;
    await byTime.tick();
    expect(recorder.told).toEqual(['write a1', 'commit {} 1']);
    now = 30_000;
    expect(byTime.tick()).toBeUndefined();
  });

  it('are never held up by a clock that was set back, and only hastened by one that was set forward', async () => {
    const writer = writerOf({ seconds: 10 });
    now = 1e9;
    await writer.page(unit('a'), rows(1), () => ({ at: 1 }));
    expect(recorder.told).toEqual(['write a1', 'commit {"at":1} 1']);
    now = 5;
    await writer.page(unit('a'), rows(1, 2), () => ({ at: 2 }));
    expect(recorder.told.slice(2)).toEqual(['write a2', 'commit {"at":2} 1']);
    await writer.page(unit('a'), rows(1, 3), () => ({ at: 3 }));
    expect(recorder.told).toHaveLength(4);
  });

  it('are said to be late when no state comes for 15 minutes', async () => {
    const writer = writerOf({ seconds: 10 });
    await writer.page(unit('a'), rows(1));
    now = 899_000;
    expect(writer.tick()).toBeUndefined();
    expect(warnings).toEqual([]);
    now = 900_000;
    writer.tick();
    writer.tick();
    expect(warnings).toEqual([expect.stringMatching(/no checkpoint for 15 minutes/)]);
  });

  it('take the state and the rows in one step, whatever comes meanwhile', async () => {
    const writer = writerOf({ seconds: 1 });
    let told = 1;
    const state = () => ({ told });
    await writer.page(unit('a'), rows(1), state);
    let go = () => {};
    recorder.pause = new Promise((resolve) => {
      go = resolve;
    });
    now = 1_000;
    const ticking = writer.tick();
    await new Promise((turn) => setImmediate(turn));
    told = 2;
    writer.page(unit('a'), rows(1, 2), state);
    go();
    await ticking;
    recorder.pause = undefined;
    await writer.finish({ told: 3 }, 'complete');
    expect(recorder.told).toEqual(['write a1', 'commit {"told":1} 1', 'write a2', 'finish {"told":3} 1']);
  });

  it('hand large batches on before they are due, without a commit', async () => {
    const writer = writerOf({ seconds: 900, bytes: 1e12 });
    for (let page = 0; page < 9; page++) await writer.page(unit('a'), wide(1, page), () => ({}));
    expect(recorder.told).toEqual(['write a0 a1 a2 a3 a4 a5 a6 a7', 'write a8']);
  });
});

describe('pages that no state covers', () => {
  it('are held back while others are committed, and let go by the page that closes them', async () => {
    const writer = writerOf({ rows: 1 });
    await writer.page(unit('a'), rows(1));
    await writer.page(unit('b'), rows(1, 11), () => ({ b: 1 }));
    expect(recorder.told).toEqual(['write b11', 'commit {"b":1} 1']);
    await writer.page(unit('a'), rows(1, 2), () => ({ a: 2 }));
    expect(recorder.told.slice(2)).toEqual(['write a1 a2', 'commit {"a":2} 2']);
  });

  it('keep the transaction open when they are too many to be held', async () => {
    const writer = writerOf({ rows: 1 });
    await writer.page(unit('b'), rows(1, 100), () => ({ b: 1 }));
    for (let page = 0; page < 20; page++) await writer.page(unit('a'), wide(1, page));
    await writer.page(unit('b'), rows(1, 101), () => ({ b: 2 }));
    expect(recorder.told.filter((line) => line.startsWith('commit'))).toEqual(['commit {"b":1} 1']);
    expect(recorder.told.some((line) => line.startsWith('write a'))).toBe(true);
    await writer.page(unit('a'), [], () => ({ a: 20 }));
    expect(recorder.told.at(-1)).toBe('commit {"a":20} 21');
  });

  it('are forgotten when the stream fails: with the open transaction where they are in it', async () => {
    const held = writerOf({ rows: 1 });
    await held.page(unit('a'), rows(1));
    await held.finish({ a: 0 }, 'failed');
    expect(recorder.told).toEqual(['commit {"a":0} 0']);

    recorder = new Recorder();
    const pinned = writerOf({ rows: 1 });
    for (let page = 0; page < 20; page++) await pinned.page(unit('a'), wide(1, page));
    await pinned.finish({ a: 0 }, 'failed');
    expect(recorder.told.filter((line) => !line.startsWith('write'))).toEqual(['rollback']);
  });
});

describe('a unit that begins anew', () => {
  it('loses what is buffered and held of it, and is deleted before anything is committed', async () => {
    const writer = writerOf({ rows: 100 });
    await writer.page(unit('a'), rows(1), () => ({}));
    await writer.page(unit('b'), rows(1, 11), () => ({}));
    await writer.page(unit('a'), rows(1, 2));
    await writer.restart(unit('a'));
    await writer.page(unit('a'), rows(1, 3), () => ({}));
    await writer.finish({ end: true }, 'complete');
    expect(recorder.told).toEqual(['restart a', 'write b11 a3', 'finish {"end":true} 0']);
  });

  it('is deleted first when a commit is already waiting', async () => {
    const writer = writerOf({ rows: 1 });
    let go = () => {};
    recorder.pause = new Promise((resolve) => {
      go = resolve;
    });
    const first = writer.page(unit('a'), rows(1), () => ({ at: 1 }));
    await new Promise((turn) => setImmediate(turn));
    const second = writer.page(unit('b'), rows(1, 11), () => ({ at: 'b' }));
    const restart = writer.restart(unit('a'));
    go();
    await Promise.all([first, second, restart]);
    expect(recorder.told).toEqual(['write a1', 'commit {"at":1} 1', 'restart a', 'write b11', 'commit {"at":"b"} -1']);
  });
});

describe('rows that are lost on the way', () => {
  const takes = (tally: (batch: Batch) => { rows: number; hash: number }) => {
    recorder.write = async (_stream: string, batch: Batch) => ({ changed: 0, tally: tally(batch) });
  };
  const all = (batch: Batch) => {
    const tally = emptyTally();
    for (const page of batch.pages) for (const hash of page.hashes) count(tally, hash);
    return tally;
  };

  it('fail their stream before anything is committed, with the numbers', async () => {
    const writer = writerOf({ rows: 3 });
    takes((batch) => ({ ...all(batch), rows: batch.rows - 1 }));
    await expect(writer.page(unit('a'), rows(3), () => ({}))).rejects.toMatchObject({
      kind: 'system',
      message: expect.stringMatching(/dropped records: .* source handed over 3 rows, the runner passed on 3 .* took 2/),
    });
    await writer.close();
    expect(recorder.told).toEqual(['close']);
    expect(failures).toEqual([]);
  });

  it('are missed also when as many others came in their place', async () => {
    const writer = writerOf({ rows: 3 });
    takes((batch) => ({ rows: batch.rows, hash: all(batch).hash + 1 }));
    await expect(writer.finish({}, 'complete')).resolves.toBeUndefined();
    const other = writerOf({ rows: 3 });
    await expect(other.page(unit('a'), rows(3), () => ({}))).rejects.toThrow(/not the same ones/);
  });

  it('are told from rows that are held back, taken back, or come later', async () => {
    const writer = writerOf({ rows: 2 });
    await writer.page(unit('a'), rows(2), () => ({ a: 1 }));
    await writer.page(unit('b'), rows(3, 10));
    await writer.page(unit('c'), rows(1, 20), () => ({ c: 1 }));
    await writer.restart(unit('b'));
    await writer.restart(unit('c'));
    await writer.page(unit('b'), rows(1, 30));
    await writer.page(unit('a'), rows(5, 40), () => ({ a: 2 }));
    await writer.page(unit('b'), rows(1, 31), () => ({ b: 1 }));
    await writer.finish({ end: 1 }, 'complete');
    expect(recorder.told.filter((line) => !/restart/.test(line))).toEqual([
      'write a1,2',
      'commit {"a":1} 2',
      'write a40,41,42,43,44 b30 b31',
      'commit {"b":1} 3',
      'finish {"end":1} 0',
    ]);
  });
});

describe('a destination that fails', () => {
  it('gets nothing more: no state without its rows', async () => {
    const writer = writerOf({ rows: 1 });
    recorder.failure = new Error('disk full');
    await expect(writer.page(unit('a'), rows(1), () => ({}))).rejects.toThrow('disk full');
    recorder.failure = undefined;
    await expect(writer.page(unit('a'), rows(1, 2), () => ({}))).rejects.toThrow('disk full');
    await expect(writer.finish({}, 'failed')).rejects.toThrow('disk full');
    await writer.close();
    expect(recorder.told).toEqual(['close']);
    expect(failures).toHaveLength(1);
  });
});
