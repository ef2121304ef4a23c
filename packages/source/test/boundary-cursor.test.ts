import { canonical, type JsonObject } from '@tidemark/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OWN_KEY, type RecordData, type Unit } from '../src/index.js';
import { committed, lastStates, rows, type Sent, transcript } from '../src/testing.js';
import { type InclusiveApi, inclusiveStream, type Row } from './inclusive-api.js';

const API: InclusiveApi = { rows: [], end: 100, pageSize: 3, order: 'rising' };
const row = (at: number, text: string, of?: string): Row => ({ at, text, ...(of === undefined ? {} : { of }) });
const texts = (sent: readonly Sent[]): string[] => rows(sent).map(({ record }) => String(record.text));
const ownOf = (state: JsonObject): JsonObject => state[OWN_KEY] as JsonObject;

/** One whole job after another, each over the API as it is by then; what each has sent. */
async function jobs(...apis: Partial<InclusiveApi>[]): Promise<{ sent: string[][]; state: JsonObject }> {
  let states = new Map<string, JsonObject>();
  const sent: string[][] = [];
  for (const api of apis) {
    const job = await transcript([inclusiveStream({ ...API, ...api })], { states, remembersBoundary: true });
    if (job.errors[0]) throw job.errors[0];
    states = lastStates(job.sent);
    sent.push(texts(job.sent));
  }
  return { sent, state: states.get('rows')! };
}

describe('the rows at the last value', () => {
  it('are sent once, a late one at the same value too, and later values take their place', async () => {
    const first = [row(1, 'a'), row(5, 'b'), row(5, 'c')];
    const second = [...first, row(5, 'late')];
    const third = [...second, row(7, 'd')];
    const { sent, state } = await jobs(
      { rows: first },
      { rows: first },
      { rows: second },
      { rows: third },
      { rows: third },
    );
    expect(sent).toEqual([['a', 'b', 'c'], [], ['late'], ['d'], []]);
    expect(state).toEqual({
      at: 7,
      [OWN_KEY]: { v: 1, boundary: { groups: [{ value: 7, rows: [expect.stringMatching(/^[\w-]{11}$/)] }] } },
    });
  });

  it('are sent as often as they are there more than before', async () => {
    const twins = (count: number): Row[] => Array.from({ length: count }, () => row(5, 'twin'));
    const { sent } = await jobs({ rows: twins(2) }, { rows: twins(3) }, { rows: twins(3) });
    expect(sent.map((each) => each.length)).toEqual([2, 1, 0]);
  });

  it('are sent when they have changed, also when they change back', async () => {
    const { sent } = await jobs({ rows: [row(5, 'old')] }, { rows: [row(5, 'new')] }, { rows: [row(5, 'old')] });
    expect(sent).toEqual([['old'], ['new'], ['old']]);
  });

  it('stay known through a job to which the API gave nothing', async () => {
    const { sent } = await jobs({ rows: [row(5, 'a')] }, { rows: [] }, { rows: [row(5, 'a')] });
    expect(sent).toEqual([['a'], [], []]);
  });

  it('are left out of a look-back window, the lower ones are not', async () => {
    const known = [row(2, 'far'), row(4, 'near'), row(5, 'last')];
    const { sent } = await jobs(
      { rows: known, lookback: 2 },
      { rows: known, lookback: 2 },
      { rows: known, lookback: 2 },
    );
    expect(sent).toEqual([['far', 'near', 'last'], ['near'], ['near']]);
  });

  it('are left out of every slice that has them', async () => {
    const rows = [row(10, 'a'), row(10, 'a'), row(30, 'b')];
    const slices = { step: 10, shared: true };
    const { sent } = await jobs({ rows, end: 10 }, { rows, end: 10, ...slices }, { rows, end: 30, ...slices });
    expect(sent[0]).toEqual(['a', 'a']);
    expect(sent.flat().filter((text) => text === 'a')).toHaveLength(2);
  });

  it('belong to their partition, and to the stream where one value is kept for all', async () => {
    const partitions = ['x', 'y'];
    const known = [row(3, 'same', 'x'), row(5, 'same', 'y')];
    const more = [...known, row(3, 'new', 'x'), row(5, 'y only', 'y')];
    for (const global of [false, true]) {
      const { sent, state } = await jobs(
        { rows: known, partitions, global },
        { rows: known, partitions, global },
        { rows: more, partitions, global },
        { rows: more, partitions, global },
      );
      expect(sent.map((each) => each.sort())).toEqual([
        ['same', 'same'],
        [],
        global ? ['y only'] : ['new', 'y only'],
        [],
      ]);
      expect((ownOf(state).boundary as JsonObject).groups).toHaveLength(global ? 1 : 2);
    }
  });

  it('are sent again after the value of the state was set back', async () => {
    const { state } = await jobs({ rows: [row(5, 'a'), row(6, 'b')] });
    const api = inclusiveStream({ ...API, rows: [row(5, 'a'), row(6, 'b')] });
    const states = new Map([['rows', { ...state, at: 5 }]]);
    expect(texts((await transcript([api], { states, remembersBoundary: true })).sent)).toEqual(['a', 'b']);
  });

  it('are not remembered where nobody asks for it, and states stay as they were', async () => {
    const api = inclusiveStream({ ...API, rows: [row(5, 'a')] });
    const first = await transcript([api]);
    expect(lastStates(first.sent).get('rows')).toEqual({ at: 5 });
    expect(texts((await transcript([api], { states: lastStates(first.sent) })).sent)).toEqual(['a']);
  });

  it('are forgotten with one warning when they are too many', async () => {
    const warnings: string[] = [];
    const warn = (message: string): void => void warnings.push(message);
    const many = Array.from({ length: 20_001 }, (_, i) => row(5, `r${i}`));
    const big = { pageSize: 5_000, warn };
    const later = [...many, row(6, 'later')];
    const { sent } = await jobs(
      { rows: many, ...big },
      { rows: many, ...big },
      { rows: later, ...big },
      { rows: later },
    );
    expect(sent.map((each) => each.length)).toEqual([20_001, 20_001, 20_002, 0]);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain("More than 20000 rows have the last value of 'at'");
  });

  it('are in a state only as far as it covers their pages', async () => {
    const partitions = ['x', 'y'];
    const known = [row(5, 'x1', 'x'), row(5, 'y1', 'y')];
    const { state: before } = await jobs({ rows: known, partitions });
    const { cursor } = await inclusiveStream({ ...API, partitions }).open(before, { remembersBoundary: true });
    const units: Unit[] = [];
    for await (const unit of cursor.plan(new AbortController().signal)) units.push(unit);
    const [x, y] = units as [Unit, Unit];
    const again = { records: [row(5, 'x1', 'x')], more: true };
    expect(cursor.fresh!(x, again)).toEqual([]);
    cursor.page(x, again);
    // The other partition's page makes a state due; the piece of this one comes again after a kill.
    const other = { records: [row(5, 'y1', 'y'), row(5, 'y2', 'y')], next: 3 };
    expect(cursor.fresh!(y, other)).toEqual([row(5, 'y2', 'y')]);
    cursor.page(y, other);
    const { open } = ownOf(cursor.state()).boundary as { open: JsonObject[] };
    expect(open.map(({ unit, again: left }) => [unit, Array.isArray(left) ? left.length : 0])).toEqual([
      [x.id, 0],
      [y.id, 1],
    ]);
  });

  it('are nothing in a state that holds something else there', async () => {
    for (const boundary of [
      null,
      7,
      [],
      { groups: {} },
      { groups: [null, { value: 5 }, { value: 5, rows: [3] }], open: [8] },
    ]) {
      const states = new Map<string, JsonObject>([['rows', { at: 5, [OWN_KEY]: { v: 1, boundary } }]]);
      const api = inclusiveStream({ ...API, rows: [row(5, 'a')] });
      expect(texts((await transcript([api], { states, remembersBoundary: true })).sent)).toEqual(['a']);
    }
  });
});

const value = fc.integer({ min: 1, max: 6 });
const text = fc.constantFrom('a', 'b', 'c');
const jobArb = fc.record({
  /** Values above the highest so far (0: at it) of the rows that come new. */
  added: fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), text, fc.constantFrom('x', 'y', 'z')), { maxLength: 6 }),
  /** Gives rows at the last value another text. */
  changed: fc.option(text),
  kills: fc.array(fc.integer({ min: 0, max: 25 }), { maxLength: 4 }),
});
const shapeArb = fc.record({
  kind: fc.constantFrom('stream', 'partition', 'global'),
  pageSize: value,
  step: fc.option(fc.integer({ min: 2, max: 7 })),
  order: fc.constantFrom('rising' as const, 'falling' as const),
  pieces: fc.boolean(),
  refuses: fc.boolean(),
});

const keyOf = ({ at, text, of }: RecordData): string => `${String(of)} ${String(at)} ${String(text)}`;
function minus(list: readonly string[], without: readonly string[]): string[] {
  const left = [...without];
  return list.filter((one) => {
    const index = left.indexOf(one);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}

describe('any inclusive API', () => {
  it('comes exactly once over jobs and kills', async () => {
    await fc.assert(
      fc.asyncProperty(shapeArb, fc.array(jobArb, { minLength: 2, maxLength: 4 }), async (shape, plan) => {
        const { kind, step, ...rest } = shape;
        const partitions = kind === 'stream' ? undefined : ['x', 'y', 'z'];
        let all: Row[] = [];
        let end = 10;
        let before: Row[] = [];
        let states = new Map<string, JsonObject>();
        for (const { added, changed, kills } of plan) {
          const top = (rows: readonly Row[], of?: string): number =>
            Math.max(
              0,
              ...rows.filter((one) => of === undefined || kind !== 'partition' || one.of === of).map(({ at }) => at),
            );
          if (changed !== null)
            all = all.map((one) => (one.at === top(before, one.of) ? { ...one, text: changed } : one));
          const place = (above: number, of: string | undefined): number => top(before, of) + above;
          all = [
            ...all,
            ...added.map(([above, text, name]) => {
              const of = partitions ? name : undefined;
              return row(Math.max(1, place(above, of)), text, of);
            }),
          ];
          end += 5;
          const api = {
            ...API,
            ...rest,
            end,
            rows: all,
            partitions,
            global: kind === 'global',
            ...(step ? { step } : {}),
          };
          const sent: Sent[] = [];
          for (const killAfter of [...kills, Number.POSITIVE_INFINITY]) {
            const options = {
              states,
              // A page in pieces is held back by whoever stores it; here nobody does.
              concurrency: api.pieces ? 1 : 3,
              remembersBoundary: true,
            };
            const attempt = await transcript([inclusiveStream(api)], { ...options, killAfter });
            const whole = await transcript([inclusiveStream(api)], options);
            if (attempt.errors[0]) throw attempt.errors[0];
            sent.push(...committed(attempt.sent));
            states = new Map([...states, ...lastStates(attempt.sent)]);
            // Where the state is the last one, the kill came too late: what follows is another job.
            if (canonical(lastStates(attempt.sent).get('rows')) === canonical(lastStates(whole.sent).get('rows')))
              break;
          }
          const seen = (of: string | undefined): number => (before.length ? top(before, of) : 0);
          const wanted = minus(
            all.filter((one) => one.at >= seen(one.of)).map(keyOf),
            before.filter((one) => one.at === seen(one.of)).map(keyOf),
          );
          expect(
            rows(sent)
              .map(({ record }) => keyOf(record))
              .sort(),
          ).toEqual(wanted.sort());
          before = all;
        }
      }),
      { numRuns: 400 },
    );
  });
});
