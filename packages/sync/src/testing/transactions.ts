import type { RecordData } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import type { Writer } from '../destination.js';
import {
  Bench,
  batch,
  column,
  type DestinationHarness,
  itNeeds,
  jobOf,
  needs,
  planOf,
  schemaOf,
  stateOf,
  things,
} from './harness.js';

/** So many such values are more than a destination may want to hold in one transaction. */
const LARGE = 'large '.repeat(500_000);
const MANY = 7;

/** Rows and states commit together, units begin anew, tables are swapped whole. */
export function describeTransactions(harness: DestinationHarness): void {
  describe('transactions', () => {
    itCommitsRowsWithTheirState(harness);
    itKeepsLargeRowsWithTheirState(harness);
    itKeepsStreamsApart(harness);
  });
}

/** What a commit, a rollback and a kill leave. */
function itCommitsRowsWithTheirState(harness: DestinationHarness): void {
  it('knows nothing of a connection at first', async () => {
    const { session, stored } = await (await Bench.at(harness)).open();
    await session.close();
    expect(stored).toBeUndefined();
  });

  it('keeps rows and state together: what is not committed is gone with its state', async () => {
    const bench = await Bench.at(harness);
    const plan = planOf(jobOf(1), { destinationSyncMode: 'append' });
    await bench.attempt(jobOf(1), [plan], async (writer) => {
      await writer.write(plan.key, batch(things(1, 2)));
      await writer.commit([stateOf(plan, { page: 1 }, 2)]);
      await writer.write(plan.key, batch(things(3, 4)));
    });
    expect(column(await bench.rows('things'), 'id')).toEqual(['1', '2']);
    const { session, stored } = await bench.open();
    await session.close();
    expect(stored).toMatchObject({ outcome: 'running', job: { id: 1, nonce: 'nonce-1', attempt: 1 } });
    expect(stored?.streams).toMatchObject([{ status: 'open', state: { page: 1 }, rows: 2, job: 'nonce-1' }]);
  });

  it('keeps a state digit for digit', async () => {
    const bench = await Bench.at(harness);
    const plan = planOf(jobOf(1));
    const state = { big: 12345678901234567890n, text: 'ü\u0000"', nested: [{ a: null }] };
    await bench.attempt(jobOf(1), [plan], (writer) => writer.commit([stateOf(plan, state)]));
    const { session, stored } = await bench.open();
    await session.close();
    expect(stored?.streams[0]?.state).toEqual(state);
  });

  it('forgets on rollback what came after the last commit, and goes on', async () => {
    const bench = await Bench.at(harness);
    const plan = planOf(jobOf(1), { destinationSyncMode: 'append' });
    await bench.attempt(jobOf(1), [plan], async (writer) => {
      await writer.write(plan.key, batch(things(1)));
      await writer.commit([stateOf(plan, { page: 1 }, 1)]);
      await writer.write(plan.key, batch([{ id: 2, stray: 'a column of its own' }]));
      await writer.rollback();
      await writer.write(plan.key, batch(things(3)));
      await writer.commit([stateOf(plan, { page: 2 }, 1)]);
    });
    expect(column(await bench.rows('things'), 'id')).toEqual(['1', '3']);
  });
}

/** Where a destination must not hold all of a transaction in memory, it may have to commit large rows by themselves. */
function itKeepsLargeRowsWithTheirState(harness: DestinationHarness): void {
  it('keeps no large row that no state covers, neither after a rollback nor after a kill', async () => {
    const bench = await Bench.at(harness);
    const plan = planOf(jobOf(1), { destinationSyncMode: 'append' });
    const writeLarge = async (writer: Writer, from: number) => {
      for (let id = from; id < from + MANY; id++) await writer.write(plan.key, batch([{ id, name: LARGE }]));
    };
    await bench.attempt(jobOf(1), [plan], async (writer) => {
      await writeLarge(writer, 100);
      await writer.commit([stateOf(plan, { page: 1 }, MANY)]);
      await writeLarge(writer, 200);
      await writer.rollback();
      await writer.write(plan.key, batch(things(300)));
      await writer.commit([stateOf(plan, { page: 2 }, 1)]);
      await writeLarge(writer, 400);
    });
    const resumed = planOf(jobOf(1), { ...plan, begin: 'resume', state: { page: 2 }, rowsBefore: 8, resumed: true });
    await bench.attempt(jobOf(1, 2), [resumed], async (writer) => {
      await writeLarge(writer, 500);
      await writer.finish(stateOf(plan, {}, MANY));
    });
    const rows = await bench.rows('things');
    const large = (from: number) => Array.from({ length: MANY }, (_, index) => String(from + index));
    expect(column(rows, 'id')).toEqual([...large(100), '300', ...large(500)]);
    expect(rows.filter(({ name }) => name === LARGE)).toHaveLength(2 * MANY);
  }, 60_000);

  const { skip, why } = needs(harness, 'restart');
  it.skipIf(skip)(
    `takes large rows back and widens their columns before a state covers them${why}`,
    async () => {
      const bench = await Bench.at(harness);
      const plan = planOf(jobOf(1), { destinationSyncMode: 'append' });
      await bench.attempt(jobOf(1), [plan], async (writer) => {
        const write = async (unit: string, from: number, stray: unknown) => {
          for (let id = from; id < from + MANY; id++)
            await writer.write(plan.key, batch([{ id, name: LARGE, stray } as RecordData], unit));
        };
        await write('a', 100, 1);
        await write('b', 200, 2);
        expect(await writer.restart(plan.key, 'a')).toBe(MANY);
        await write('a', 300, 'a text');
        await writer.commit([stateOf(plan, { page: 1 }, 2 * MANY)]);
        await write('a', 400, 4);
        await writer.finish(stateOf(plan, {}, MANY));
      });
      const rows = (await bench.rows('things')).map(({ id, stray }) => `${id} ${stray?.replaceAll('"', '')}`);
      const expected = (from: number, stray: string) =>
        Array.from({ length: MANY }, (_, index) => `${from + index} ${stray}`);
      expect(rows.sort()).toEqual([...expected(200, '2'), ...expected(300, 'a text'), ...expected(400, '4')]);
    },
    60_000,
  );
}

/** Units that begin anew, writers beside each other, one sync at a time. */
function itKeepsStreamsApart(harness: DestinationHarness): void {
  it('deletes the rows of a unit that begins anew, committed or not, and no others', async () => {
    const bench = await Bench.at(harness);
    const old = planOf(jobOf(1), { destinationSyncMode: 'append' });
    await bench.attempt(jobOf(1), [old], async (writer) => {
      await writer.write(old.key, batch(things(1), 'a'));
      await writer.finish(stateOf(old, {}, 1));
    });
    const plan = planOf(jobOf(2), { destinationSyncMode: 'append' });
    await bench.attempt(jobOf(2), [plan], async (writer) => {
      await writer.write(plan.key, batch(things(2, 3), 'a'));
      await writer.write(plan.key, batch(things(4), 'b'));
      await writer.commit([stateOf(plan, {}, 3)]);
      await writer.write(plan.key, batch(things(5), 'a'));
      expect(await writer.restart(plan.key, 'a')).toBe(3);
      await writer.write(plan.key, batch([{ id: 6, stray: 'a new column' }], 'a'));
      expect(await writer.restart(plan.key, 'a')).toBe(1);
      await writer.write(plan.key, batch(things(6), 'a'));
      await writer.finish(stateOf(plan, {}, -1));
    });
    expect(column(await bench.rows('things'), 'id').sort()).toEqual(['1', '4', '6']);
  });

  it('lets two writers run beside each other', async () => {
    const bench = await Bench.at(harness);
    const plans = ['left', 'right'].map((name) => planOf(jobOf(1), { stream: { name } }));
    await bench.attempt(jobOf(1), plans, async (left, right) => {
      for (let page = 0; page < 5; page++) {
        await Promise.all([
          left!.write('left', batch(things(page))),
          right!.write('right', batch(things(page, page + 10))),
        ]);
        await Promise.all([
          left!.commit([{ stream: 'left', state: { page }, rows: 1 }]),
          page % 2 ? right!.commit([{ stream: 'right', state: { page }, rows: 4 }]) : undefined,
        ]);
      }
      await left!.finish({ stream: 'left', state: {}, rows: 0 });
      await right!.finish({ stream: 'right', state: {}, rows: 2 });
    });
    expect(await bench.rows('left')).toHaveLength(5);
    expect(await bench.rows('right')).toHaveLength(10);
  });
}

/** Full refresh: the old rows until the new ones are all there. */
export function describeGenerations(harness: DestinationHarness): void {
  describe('generations', () => {
    itNeeds(harness, 'hide', 'shows the old rows until the new ones are complete, then only the new ones', async () => {
      const bench = await Bench.at(harness);
      const first = planOf(jobOf(1));
      await bench.attempt(jobOf(1), [first], async (writer) => {
        await writer.write(first.key, batch(things(1, 2)));
        await writer.finish(stateOf(first, { done: true }, 2));
        await writer.finish(stateOf(first, { done: true }, 2));
      });
      expect(column(await bench.rows('things'), 'id')).toEqual(['1', '2']);
      const second = planOf(jobOf(2));
      await bench.attempt(jobOf(2), [second], async (writer) => {
        await writer.write(second.key, batch(things(7)));
        await writer.commit([stateOf(second, { page: 1 }, 1)]);
      });
      expect(column(await bench.rows('things'), 'id')).toEqual(['1', '2']);
      const resumed = planOf(jobOf(2), { begin: 'resume', state: { page: 1 }, rowsBefore: 1, resumed: true });
      await bench.attempt(jobOf(2, 2), [resumed], async (writer) => {
        await writer.write(resumed.key, batch(things(8)));
        await writer.finish(stateOf(resumed, {}, 1));
      });
      const rows = await bench.rows('things');
      expect(column(rows, 'id')).toEqual(['7', '8']);
      expect(column(rows, '_airbyte_generation_id')).toEqual(['2', '2']);
      const { session, stored } = await bench.open();
      await session.close();
      expect(stored?.streams).toMatchObject([{ status: 'complete', generation: 2, rows: 2 }]);
    });

    it('drops a half-read generation that is not gone on with', async () => {
      const bench = await Bench.at(harness);
      for (const destinationSyncMode of ['overwrite', 'append'] as const) {
        const stream = { name: destinationSyncMode };
        const half = planOf(jobOf(1), { stream, destinationSyncMode });
        await bench.attempt(jobOf(1), [half], async (writer) => {
          await writer.write(half.key, batch(things(1)));
          await writer.commit([stateOf(half, { page: 1 }, 1)]);
        });
        const schema = schemaOf({ id: { type: 'integer' }, more: { type: 'string' } });
        const anew = planOf(jobOf(2), { stream, destinationSyncMode, schema, partialGeneration: 1 });
        await bench.attempt(jobOf(2), [anew], async (writer) => {
          await writer.write(anew.key, batch(things(2)));
          await writer.finish(stateOf(anew, {}, 1));
        });
        expect(column(await bench.rows(stream.name), 'id')).toEqual(['2']);
      }
    });

    it('makes a table for a stream without rows', async () => {
      const bench = await Bench.at(harness);
      const plan = planOf(jobOf(1));
      await bench.attempt(jobOf(1), [plan], (writer) => writer.finish(stateOf(plan, {})));
      expect(await harness.read(bench.place, 'things')).toEqual([]);
    });

    it('remembers how a job ended', async () => {
      const bench = await Bench.at(harness);
      const { session } = await bench.open();
      await session.begin(jobOf(1), [planOf(jobOf(1))]);
      await session.end(jobOf(1), 'partial', { rows: 3, progressed: true, error: 'one failed', givenUp: true });
      await session.close();
      const { session: next, stored } = await bench.open();
      await next.close();
      expect(stored).toMatchObject({ outcome: 'partial', lastAttemptProgressed: true, givenUp: true });
    });
  });
}
