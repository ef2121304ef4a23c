import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConnectorError } from '@tidemark/source';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Piece } from '../../src/spool/piece.js';
import { SpoolSpace } from '../../src/spool/spool-space.js';
import { type SpooledOptions, spooled } from '../../src/spool/spooled.js';
import { openFiles, piece, SmallDisk, textsOf } from './pieces.js';

let directory: string;
let warnings: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spool-test-'));
  warnings = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

function space(bytes = 1_000_000, disk?: SmallDisk): SpoolSpace {
  const settings = { spool_bytes: bytes, spool_directory: directory };
  return new SpoolSpace(settings, (message) => warnings.push(message), disk?.open);
}

function options(own: Partial<SpooledOptions> = {}): SpooledOptions {
  const { signal } = new AbortController();
  return { space: space(), doing: 'Reading public.v', memoryBytes: 1, signal, patienceMs: 0, ...own };
}

/** A statement of so many rows of one piece each, and what has become of it. */
class Statement {
  given = 0;
  isOver = false;
  isCancelled = false;
  private listener: () => void = () => undefined;

  constructor(
    readonly texts: readonly string[],
    private readonly failure?: Error,
  ) {}

  readonly run = async function* (this: Statement, stop: AbortSignal): AsyncGenerator<Piece> {
    stop.addEventListener('abort', () => {
      this.isCancelled = !this.isOver;
    });
    try {
      for (const [i, text] of this.texts.entries()) {
        this.given++;
        this.listener();
        yield piece(text, i === this.texts.length - 1 && !this.failure);
      }
      if (this.failure) throw this.failure;
    } finally {
      this.isOver = true;
      this.listener();
    }
  }.bind(this);

  /** Waits until the server has done so much of it. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo())
      await new Promise<void>((resolve) => {
        this.listener = resolve;
      });
  }
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `row ${i}`);

describe('spooled', () => {
  it('a reader that keeps up: nothing touches the disk', async () => {
    const disk = new SmallDisk();
    const statement = new Statement(numbered(500));
    const read: unknown[] = [];
    const from = spooled(options({ space: space(1_000_000, disk), patienceMs: 60_000 }), statement.run);
    for await (const each of from) read.push(...textsOf(each));
    expect(read).toEqual(statement.texts);
    expect(disk.files).toBe(0);
  });

  it('a reader that is held: the statement ends, the rest lies in a file without a name, and comes in order', async () => {
    const statement = new Statement(numbered(300));
    const from = spooled(options(), statement.run);
    const read = textsOf((await from.next()).value as Piece);
    await statement.until(() => statement.isOver);
    expect(statement.given).toBe(300);
    expect(readdirSync(directory)).toEqual([]);
    if (process.platform === 'linux') expect(openFiles(directory)).toEqual([0o600]);
    const lasts: boolean[] = [];
    for await (const each of from) {
      read.push(...textsOf(each));
      lasts.push(each.isLast);
    }
    expect(read).toEqual(statement.texts);
    expect(lasts.indexOf(true)).toBe(298);
    if (process.platform === 'linux') expect(openFiles(directory)).toEqual([]);
  });

  it('goes back to memory when everything on disk was read', async () => {
    const disk = new SmallDisk();
    const statement = new Statement(numbered(60));
    let wait: Promise<void> | undefined;
    let go: () => void = () => undefined;
    const slow = async function* (stop: AbortSignal): AsyncGenerator<Piece> {
      for await (const each of statement.run(stop)) {
        if (statement.given === 30) wait = new Promise<void>((resolve) => (go = resolve));
        await wait;
        wait = undefined;
        yield each;
      }
    };
    const from = spooled(options({ space: space(1_000_000, disk) }), slow);
    const read = textsOf((await from.next()).value as Piece);
    await statement.until(() => statement.given === 30);
    while (read.length < 29) read.push(...textsOf((await from.next()).value as Piece));
    expect(disk.most).toBeGreaterThan(0);
    expect(disk.kept).toBe(0);
    go();
    for await (const each of from) read.push(...textsOf(each));
    expect(read).toEqual(statement.texts);
    expect(disk.kept).toBe(0);
  });

  it('a reader that stops early: the statement is cancelled and the file is gone', async () => {
    const endless = new Statement(numbered(1_000));
    let ended = false;
    const from = spooled(options(), async function* (stop) {
      try {
        yield* endless.run(stop);
        // The server has nothing more to say until it is cut off.
        await new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve()));
      } finally {
        ended = true;
      }
    });
    await from.next();
    await endless.until(() => endless.given === 1_000);
    await from.return();
    expect(ended).toBe(true);
    expect(readdirSync(directory)).toEqual([]);
    if (process.platform === 'linux') expect(openFiles(directory)).toEqual([]);
  });

  it('a reader that stops while the statement waits for room: it is cancelled, too', async () => {
    const statement = new Statement(numbered(1_000));
    const from = spooled(options({ space: space(0) }), statement.run);
    await from.next();
    await from.return();
    expect(statement.isCancelled).toBe(true);
    expect(statement.given).toBeLessThan(10);
    expect(warnings).toEqual([]);
  });

  it('ends without an error when the run is stopped, also while the server says nothing', async () => {
    const run = new AbortController();
    const from = spooled(options({ signal: run.signal }), async function* (stop) {
      yield piece('one');
      await new Promise<void>((_, reject) => stop.addEventListener('abort', () => reject(new Error('cut'))));
    });
    await from.next();
    const next = from.next();
    run.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it.each([0, 60_000])('an error of the server comes after all rows before it (patience %d)', async (patienceMs) => {
    const statement = new Statement(numbered(40), new Error('the server went away'));
    const from = spooled(options({ patienceMs }), statement.run);
    const read = textsOf((await from.next()).value as Piece);
    if (patienceMs === 0) await statement.until(() => statement.isOver);
    await expect(
      (async () => {
        for await (const each of from) read.push(...textsOf(each));
      })(),
    ).rejects.toThrow('the server went away');
    expect(read).toEqual(statement.texts);
  });

  it('a full spool: the statement waits, one line says so, and the disk keeps no more than it may', async () => {
    const disk = new SmallDisk();
    const own = space(2_000, disk);
    const statements = [new Statement(numbered(400)), new Statement(numbered(300))];
    const readers = statements.map((each) => spooled(options({ space: own }), each.run));
    const read = await Promise.all(readers.map(async (each) => textsOf((await each.next()).value as Piece)));
    while (warnings.length === 0) await new Promise(setImmediate);
    expect(statements.some(({ isOver }) => isOver)).toBe(false);
    await Promise.all(
      readers.map(async (reader, i) => {
        for await (const each of reader) read[i]!.push(...textsOf(each));
      }),
    );
    expect(read).toEqual(statements.map(({ texts }) => texts));
    expect(disk.most).toBeLessThanOrEqual(2_000);
    expect(disk.most).toBeGreaterThan(1_000);
    expect(disk.kept).toBe(0);
    expect(warnings).toEqual([
      expect.stringMatching(/fills the spool \(\d+ of 2000 bytes in .*spool-test-.*Raise spool_bytes/),
    ]);
  });

  it('a row that is larger than the whole spool is handed over in memory', async () => {
    const statement = new Statement(['a', 'b', 'x'.repeat(10_000), 'c', 'y'.repeat(10_000)]);
    const read: unknown[] = [];
    for await (const each of spooled(options({ space: space(500) }), statement.run)) read.push(...textsOf(each));
    expect(read).toEqual(statement.texts);
  });

  it('a full disk: all rows that were written come, then an error that says where and what to do', async () => {
    const disk = new SmallDisk();
    disk.failAfter(1_000, 'ENOSPC', 'ENOSPC: no space left on device, write');
    const statement = new Statement(numbered(100));
    const from = spooled(options({ space: space(1_000_000, disk) }), statement.run);
    const read = textsOf((await from.next()).value as Piece);
    await statement.until(() => statement.isOver);
    const error = await (async () => {
      for await (const each of from) read.push(...textsOf(each));
    })().catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ConnectorError);
    expect(error).toMatchObject({ kind: 'config' });
    for (const told of ['Reading public.v', directory, 'The disk is full', 'spool_directory', 'spool_bytes'])
      expect(error.message).toContain(told);
    expect(read.length).toBeGreaterThan(10);
    expect(read).toEqual(statement.texts.slice(0, read.length));
  });

  it('a directory that is not there is an error that names it, once it is needed', async () => {
    const settings = { spool_bytes: 1_000, spool_directory: join(directory, 'none') };
    const own = new SpoolSpace(settings, () => undefined);
    const from = spooled(options({ space: own }), new Statement(numbered(9)).run);
    const all = async () => {
      for await (const _ of from) await new Promise(setImmediate);
    };
    await expect(all()).rejects.toThrow(join(directory, 'none'));
  });

  it('whatever the pace of both sides, the sizes and the room, what comes out is what went in', async () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) ^ (seed << 7);
      return (seed >>> 8) % below;
    };
    let onDisk = 0;
    for (let round = 0; round < 60; round++) {
      const disk = new SmallDisk([7, 100, 1e9][round % 3]);
      const texts = Array.from(
        { length: 1 + random(120) },
        (_, i) => `${i} ${'x'.repeat(random(round % 2 ? 300 : 9))}`,
      );
      const statement = new Statement(texts);
      const pause = async (most: number) => {
        for (let i = random(most); i > 0; i--) await new Promise(setImmediate);
      };
      const serverPace = random(6);
      const own = options({ space: space(random(4_000), disk), memoryBytes: random(400) });
      const from = spooled(own, async function* (stop) {
        for await (const each of statement.run(stop)) {
          if (serverPace > 0) await pause(serverPace);
          yield each;
        }
      });
      const read: unknown[] = [];
      for await (const each of from) {
        read.push(...textsOf(each));
        await pause(6);
      }
      expect(read).toEqual(texts);
      expect(disk.kept).toBe(0);
      if (disk.files > 0) onDisk++;
    }
    expect(onDisk).toBeGreaterThan(30);
  });
});
