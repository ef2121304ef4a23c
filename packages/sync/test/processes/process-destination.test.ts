import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@tidemark/protocol';
import {
  fileBooks,
  type ProcessDestinationSettings,
  processDestination,
  type SyncSettings,
  sync,
} from '@tidemark/sync';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../duckdb-file.ts';
import { FakeSource, type FakeStream, rows } from '../fake-source.ts';

const folder = temporaryFolder();
const listener = fileURLToPath(new URL('listener.mjs', import.meta.url));
let number = 0;

/** A connection to a destination program whose behaviour can change from run to run. */
class Place {
  readonly file = `${folder}/listener-${++number}.json`;
  readonly books = `${folder}/books-${number}.json`;
  readonly logs: string[] = [];
  behaviour: JsonObject = {};
  settings: Partial<ProcessDestinationSettings> = {};

  constructor(readonly streams: FakeStream[]) {}

  run(more: Partial<SyncSettings> = {}) {
    writeFileSync(this.file, JSON.stringify(this.behaviour));
    const program = { command: [process.execPath, listener, this.file], config: { password: 'swordfish' } };
    return sync({
      source: new FakeSource(this.streams),
      config: {},
      destination: processDestination({ ...program, ...this.settings }, fileBooks(this.books)),
      connection: 'test',
      checkpoint: { rows: 20 },
      retry: false,
      log: (level, message) => this.logs.push(`${level} ${message}`),
      ...more,
    });
  }

  got(): JsonObject[] {
    if (!existsSync(this.file.concat('.got'))) return [];
    const text = readFileSync(`${this.file}.got`, 'utf8').trim();
    return text.split('\n').map((line) => JSON.parse(line) as JsonObject);
  }

  forget(): void {
    rmSync(`${this.file}.got`, { force: true });
  }

  /** The ids that came, in order. */
  ids(stream: string): unknown[] {
    return this.got().flatMap(({ record }) => {
      const { stream: name, data } = (record ?? {}) as { stream?: string; data?: JsonObject };
      return name === stream ? [data?.id] : [];
    });
  }

  statuses(): unknown[] {
    return this.got().flatMap(({ trace }) => (trace ? [(trace as { stream_status: JsonObject }).stream_status] : []));
  }

  stored(): {
    outcome: string;
    streams: { stream: { name: string }; status: string; state: JsonObject; rows: number }[];
  } {
    return JSON.parse(readFileSync(this.books, 'utf8')).connections.test;
  }
}

const upTo = (count: number) => rows(count).map((row) => row.id);

describe('a program as a destination', () => {
  it.each(['each', 'end'])('gets every record, and states count when they come back (%s)', async (echo) => {
    const place = new Place([
      { name: 'a', rows: rows(55) },
      { name: 'b', namespace: 'n', rows: rows(30), slices: { step: 10, until: 30 }, primaryKey: [['id']] },
    ]);
    place.behaviour = { echo };
    const result = await place.run();
    expect(result.errors).toEqual([]);
    expect(result).toMatchObject({ outcome: 'complete', rows: 85 });
    expect(place.ids('a')).toEqual(upTo(55));
    expect(place.ids('b')).toEqual(upTo(30));
    expect(place.statuses()).toHaveLength(2);
    const [{ catalog, config }] = place.got() as [{ catalog: { streams: JsonObject[] }; config: JsonObject }];
    expect(config).toEqual({ password: 'swordfish' });
    expect(catalog.streams).toMatchObject([
      { destination_sync_mode: 'overwrite', generation_id: 1, minimum_generation_id: 1, sync_id: 1 },
      {
        stream: { namespace: 'n' },
        destination_sync_mode: 'append_dedup',
        primary_key: [['id']],
        minimum_generation_id: 0,
      },
    ]);
    expect(place.stored().streams).toMatchObject([
      { status: 'complete', rows: 55 },
      { status: 'complete', rows: 30 },
    ]);
  });

  it('knows a state that comes back without its id', async () => {
    const place = new Place([{ name: 'a', rows: rows(55) }]);
    place.behaviour = { ids: false };
    expect(await place.run()).toMatchObject({ outcome: 'complete', rows: 55 });
  });

  it('goes on after a death where the last state came back', async () => {
    const place = new Place([{ name: 'a', rows: rows(100) }]);
    place.behaviour = { dieAfter: 70 };
    const first = await place.run();
    expect(first).toMatchObject({ outcome: 'failed' });
    expect(first.errors[0]).toMatchObject({ kind: 'system' });
    expect(first.errors[0]!.message).toMatch(/ended with exit code 5.*out of disk: \*\*\*\*/s);
    expect(first.rows).toBeGreaterThan(0);
    expect(first.rows).toBeLessThan(70);
    expect(place.statuses()).toEqual([]);
    const { state, rows: kept } = place.stored().streams[0]!;
    expect(kept).toBe(first.rows);
    expect(state.next_page_token).toBe(first.rows / 10);
    place.forget();
    place.behaviour = {};
    const second = await place.run();
    expect(second).toMatchObject({ outcome: 'complete', attempt: 2 });
    expect(place.ids('a')).toEqual(upTo(100).slice(first.rows));
    expect(place.got()[0]).toMatchObject({ catalog: { streams: [{ generation_id: 1, minimum_generation_id: 1 }] } });
  });

  it('keeps the kind of an error that the program reports', async () => {
    const place = new Place([{ name: 'a', rows: rows(30) }]);
    place.behaviour = { dieAfter: 15, trace: true };
    expect((await place.run()).errors[0]).toMatchObject({ kind: 'transient', message: 'The disk is full.' });
  });

  it('a count that does not match fails the sync and says how many', async () => {
    const place = new Place([{ name: 'a', rows: rows(50) }]);
    place.behaviour = { stats: 'fewer' };
    const result = await place.run();
    expect(result.outcome).not.toBe('complete');
    expect(result.errors[0]?.message).toMatch(
      /dropped records: 20 records were sent to node for this state, and it counts 19/,
    );
    expect(place.stored().streams[0]).toMatchObject({ status: 'open', rows: 0 });
    place.settings = { record_counts: 'ignore' };
    expect(await place.run()).toMatchObject({ outcome: 'complete' });
  });

  it('states that never come back are none', async () => {
    const place = new Place([{ name: 'a', rows: rows(50) }]);
    place.behaviour = { echo: 'never' };
    const result = await place.run();
    expect(result).toMatchObject({ outcome: 'failed', rows: 0 });
    expect(result.errors[0]?.message).toMatch(/ended well, but \d+ states did not come back/);
    expect(place.stored().streams[0]).toMatchObject({ status: 'open', rows: 0 });
  });

  it('keeps no more than 1,000 states on their way', async () => {
    const place = new Place([{ name: 'a', rows: rows(3_000), pageSize: 2 }]);
    place.behaviour = { echo: 'end' };
    expect(await place.run({ checkpoint: { rows: 1 } })).toMatchObject({ outcome: 'complete', rows: 3_000 });
    const states = place.got().filter(({ type }) => type === 'STATE');
    expect(states.length).toBeGreaterThan(100);
    expect(states.length).toBeLessThanOrEqual(1_001);
    expect(place.ids('a')).toEqual(upTo(3_000));
    expect(place.stored().streams).toMatchObject([{ status: 'complete', rows: 3_000 }]);
  });

  it('an exit code after the last state leaves the streams open', async () => {
    const place = new Place([{ name: 'a', rows: rows(50) }]);
    place.behaviour = { exit: 1 };
    const first = await place.run();
    expect(first.outcome).not.toBe('complete');
    expect(place.stored().streams[0]).toMatchObject({ status: 'open', rows: 50 });
    // All rows are there: the next attempt only has to have them put in their place.
    place.behaviour = {};
    place.forget();
    expect(await place.run()).toMatchObject({ outcome: 'complete', rows: 0 });
    expect(place.ids('a')).toEqual([]);
    expect(place.statuses()).toHaveLength(1);
  });

  it('one that does not move is ended', async () => {
    const place = new Place([{ name: 'a', rows: rows(20_000).map((row) => ({ ...row, name: 'x'.repeat(500) })) }]);
    place.behaviour = { deafAfter: 3 };
    place.settings = { silent_seconds: 1 };
    const result = await place.run();
    expect(result.errors[0]).toMatchObject({ kind: 'transient', message: expect.stringContaining('for 1 seconds') });
  });

  it('a check that fails begins nothing', async () => {
    const place = new Place([{ name: 'a', rows: rows(5) }]);
    place.behaviour = { check: ['FAILED', 'The password swordfish is wrong.'] };
    await expect(place.run()).rejects.toMatchObject({
      kind: 'config',
      message: 'The check of node failed: The password **** is wrong.',
    });
    expect(place.got()).toEqual([]);
  });

  it('rows are not replaced by nothing unasked', async () => {
    const place = new Place([{ name: 'a', rows: rows(5) }]);
    await place.run();
    place.streams[0] = { name: 'a', rows: [] };
    for (const _ of [1, 2]) {
      place.forget();
      const result = await place.run();
      expect(result.errors[0]).toMatchObject({ kind: 'config', message: expect.stringContaining('5 rows would be') });
      expect(place.statuses()).toEqual([]);
    }
  });

  it('is told of a stop and keeps what came back', async () => {
    const stop = new AbortController();
    const onPage: FakeStream['onPage'] = async ({ index }) => {
      if (index === 7) setTimeout(() => stop.abort(), 300);
      if (index >= 7) await new Promise((resolve) => setTimeout(resolve, 100));
    };
    const place = new Place([{ name: 'a', rows: rows(1_000), onPage }]);
    const result = await place.run({ signal: stop.signal });
    expect(result).toMatchObject({ outcome: 'stopped', errors: [] });
    expect(result.rows).toBeGreaterThanOrEqual(70);
    expect(place.stored().streams[0]).toMatchObject({ status: 'open', rows: result.rows });
    place.forget();
    place.streams[0] = { name: 'a', rows: rows(1_000) };
    expect(await place.run()).toMatchObject({ outcome: 'complete' });
    expect(place.ids('a')).toEqual(upTo(1_000).slice(result.rows));
  });
});
