import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SignsOfLife } from '../src/log/signs-of-life.js';
import { LongStatements } from '../src/long-statements.js';
import type { Client, Clients } from '../src/postgres/clients.js';
import { Snapshot } from '../src/postgres/snapshot.js';

let beats = 0;
const alive = (): void => void beats++;
beforeEach(() => {
  beats = 0;
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

/** A statement that is ended from outside. */
function statement(): { rows: Promise<string>; end: () => void; fail: () => void } {
  let end: (rows: string) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const rows = new Promise<string>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  return { rows, end: () => end('rows'), fail: () => fail(new Error('cut')) };
}

it('says so while a statement is under way, no longer than it may last, and not afterwards', async () => {
  const long = new LongStatements(alive, 2);
  const slow = statement();
  const during = long.during(slow.rows);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(beats).toBe(4);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(beats).toBe(8);
  slow.end();
  expect(await during).toBe('rows');
  const failing = statement();
  const failed = long.during(failing.rows).catch((error: Error) => error.message);
  failing.fail();
  expect(await failed).toBe('cut');
  await vi.advanceTimersByTimeAsync(60_000);
  expect({ beats, timers: vi.getTimerCount() }).toEqual({ beats: 8, timers: 0 });
});

it('goes on for as long as a statement lasts where there is no time-out', async () => {
  const slow = statement();
  const during = new LongStatements(alive, 0).during(slow.rows);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(beats).toBe(400);
  slow.end();
  await during;
});

it('counts the time-out anew for each piece, and ends what gives them', async () => {
  const long = new LongStatements(alive, 1);
  let ended = false;
  async function* pieces(): AsyncGenerator<number> {
    try {
      for (let piece = 0; ; piece++) {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        yield piece;
      }
    } finally {
      ended = true;
    }
  }
  const read: number[] = [];
  const reading = (async () => {
    for await (const piece of long.each(pieces())) if (read.push(piece) === 3) break;
  })();
  await vi.advanceTimersByTimeAsync(3_000);
  await reading;
  expect({ read, ended }).toEqual({ read: [0, 1, 2], ended: true });
  expect(beats).toBeGreaterThanOrEqual(9);
});

it('says so while a log is waited for', async () => {
  const life = new SignsOfLife('log', new AbortController().signal, new LongStatements(alive, 600));
  const next = life.next();
  await vi.advanceTimersByTimeAsync(1_000);
  await next;
  expect(beats).toBeGreaterThanOrEqual(3);
  expect(life.failure).toBeUndefined();
});

it('says so while a snapshot is exported and taken over, and exports it again where that has failed', async () => {
  const asked: string[] = [];
  const released: boolean[] = [];
  let isBroken = true;
  const session = {
    async query(statement: string) {
      asked.push(statement);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      if (isBroken && statement.includes('pg_export_snapshot')) throw new Error('cut');
      return { rows: [{ id: "a'1" }] };
    },
  } as unknown as Client;
  const clients = {
    long: new LongStatements(alive, 600),
    take: async () => session,
    release: (_client: Client, broken: boolean) => void released.push(broken),
  } as unknown as Clients;
  const snapshot = new Snapshot(clients);
  const failed = snapshot.adopt(session).catch((error: Error) => error.message);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([await failed, released, asked.length]).toEqual(['cut', [true], 3]);
  // Three each second, at least, of three statements.
  expect(beats).toBeGreaterThanOrEqual(9);
  isBroken = false;
  beats = 0;
  asked.length = 0;
  const adopted = Promise.all([snapshot.adopt(session), snapshot.adopt(session)]);
  await vi.advanceTimersByTimeAsync(10_000);
  await adopted;
  expect(asked.filter((statement) => statement.includes('pg_export_snapshot'))).toHaveLength(1);
  expect(asked.filter((statement) => statement === "SET TRANSACTION SNAPSHOT 'a''1'")).toHaveLength(2);
  expect(beats).toBeGreaterThanOrEqual(15);
  await snapshot.close();
  expect({ released, timers: vi.getTimerCount() }).toEqual({ released: [true, true], timers: 0 });
});
