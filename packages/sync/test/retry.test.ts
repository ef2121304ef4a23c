import { ConnectorError } from '@tidemark/source';
import type { Destination, SyncSettings } from '@tidemark/sync';
import { openDestination } from '@tidemark/sync';
import { beforeEach, describe, expect, it } from 'vitest';
import { Retry } from '../src/retry.ts';
import { count, query, temporaryFolder } from './duckdb-file.ts';
import { FakeSource, type FakeStream, rows } from './fake-source.ts';
import { Transcript } from './transcript.ts';

const folder = temporaryFolder();
let files = 0;
let waits: number[];
let file: string;
beforeEach(() => {
  waits = [];
  file = `${folder}/${++files}.duckdb`;
});
const patient: Partial<SyncSettings> = {
  retry: {},
  sleep: async (ms) => {
    waits.push(ms / 1_000);
  },
};
const run = (transcript: Transcript, more: Partial<SyncSettings> = {}) => transcript.run({ ...patient, ...more });
const begin = (...streams: FakeStream[]) => new Transcript(new FakeSource(streams), file);

/** Fails at its n-th request each. */
function failing(...at: number[]): NonNullable<FakeStream['onPage']> {
  let asked = 0;
  return () => {
    asked++;
    if (at.includes(asked)) throw new ConnectorError('transient', 'the API is down');
  };
}

describe('the policy', () => {
  it('waits 10 s, three times as long each time, at most 30 minutes, and gives up after five in a row', () => {
    const retry = new Retry({});
    expect([1, 2, 3, 4, 5].map(() => retry.after(false))).toEqual([10_000, 30_000, 90_000, 270_000, undefined]);
    const patience = new Retry({ attempts: 9 });
    expect([1, 2, 3, 4, 5, 6, 7].map(() => patience.after(false)! / 1_000).slice(4)).toEqual([810, 1_800, 1_800]);
  });

  it('counts those in a row only, has no cap on those that get on, and can be switched off', () => {
    const retry = new Retry({ attempts: 2, backoff_seconds: 1, backoff_factor: 1 });
    for (let turn = 0; turn < 50; turn++) {
      expect(retry.after(true)).toBe(0);
      expect(retry.after(false)).toBe(1_000);
    }
    expect(new Retry(false).after(true)).toBeUndefined();
  });
});

describe('an attempt that failed', () => {
  it('is followed by another at once for as long as they get on', async () => {
    const transcript = begin(
      { name: 'activities', rows: rows(95), onPage: failing(2, 4, 6, 8, 10, 12, 14, 16, 18) },
      { name: 'users', rows: rows(5) },
    );
    transcript.source.concurrency = 1;
    const result = await run(transcript);
    expect(waits).toEqual([]);
    expect(result).toMatchObject({ outcome: 'complete', jobId: 1, attempt: 10, rows: 100, errors: [] });
    expect(result.attempts.map(({ outcome, rows: each }) => `${outcome} ${each}`)).toEqual([
      'partial 15',
      ...Array.from({ length: 8 }, () => 'partial 10'),
      'complete 5',
    ]);
    expect(result.streams).toMatchObject([
      { status: 'complete', committed: 95, earlier: false },
      { status: 'complete', committed: 5, earlier: false },
    ]);
    expect(transcript.logs.filter((line) => /Number of Resumed/.test(line))).toEqual([
      'INFO Number of Resumed Full Refresh Streams: {0}',
      ...Array.from({ length: 9 }, () => 'INFO Number of Resumed Full Refresh Streams: {1}'),
    ]);
    expect(transcript.logs).toContain('INFO  Resumed stream name: activities namespace: null');
    expect(await count(file, 'SELECT count(DISTINCT id) FROM activities')).toBe(95);
    expect(await count(file, 'SELECT count(*) FROM _tidemark.attempts WHERE job = 1')).toBe(10);
  });

  it('that got nowhere is waited after, and the sync gives up after five of them', async () => {
    const transcript = begin({
      name: 'users',
      rows: rows(30),
      onPage: failing(...Array.from({ length: 9 }, (_, i) => i + 2)),
    });
    const result = await run(transcript);
    expect(waits).toEqual([10, 30, 90, 270]);
    expect(result).toMatchObject({ outcome: 'failed', attempt: 6, rows: 10, streams: [{ committed: 10 }] });
    expect(result.errors.map(({ message }) => message)).toEqual(['the API is down']);
    expect(transcript.events.filter(({ type }) => type === 'wait')).toMatchObject([
      { seconds: 0, nextAttempt: 2 },
      { seconds: 10, nextAttempt: 3, error: { message: 'the API is down' } },
      { seconds: 30 },
      { seconds: 90 },
      { seconds: 270, nextAttempt: 6 },
    ]);
    expect(transcript.logs).toContain('INFO Backing off for: 30 seconds.');
    expect(await run(transcript)).toMatchObject({ jobId: 1, attempt: 10, outcome: 'complete' });
  });

  it('is not followed by another for a configuration error; the other streams are gone on with', async () => {
    const forbidden = { name: 'forbidden', rows: rows(3) };
    const onPage = () => {
      throw new ConnectorError('config', 'no access', { stream: 'forbidden' });
    };
    const alone = begin({ ...forbidden, onPage });
    expect(await run(alone)).toMatchObject({ outcome: 'failed', attempt: 1, errors: [{ kind: 'config' }] });
    file = `${folder}/${++files}.duckdb`;
    const transcript = begin({ ...forbidden, onPage }, { name: 'users', rows: rows(30), onPage: failing(2, 3) });
    const result = await run(transcript);
    expect(result).toMatchObject({ outcome: 'partial', attempt: 3, rows: 30, errors: [{ message: 'no access' }] });
    expect(result.streams).toMatchObject([{ status: 'failed' }, { status: 'complete', committed: 30 }]);
    expect(transcript.source.requests.filter((line) => /forbidden/.test(line))).toHaveLength(1);
    expect(waits).toEqual([10]);
  });

  it('got nowhere when its rows go again because the stream begins anew', async () => {
    const whole = { name: 'whole', rows: rows(40), resumable: false, onPage: failing(3, 6, 9, 12, 15, 18) };
    const result = await run(begin(whole));
    expect(result).toMatchObject({ outcome: 'failed', attempt: 5 });
    expect(waits).toEqual([10, 30, 90, 270]);
    expect(result.streams).toMatchObject([{ committed: 20, records: 100, rowsBefore: 0 }]);
  });

  it('got nowhere when it has read the same rows again', async () => {
    const transcript = begin({ name: 'events', rows: rows(40), slices: { step: 10, until: 40 } });
    // A look-back that reads the first slice again each time, and a state that does not move.
    const connect = transcript.source.connect.bind(transcript.source);
    transcript.source.connect = async () => {
      const connection = await connect();
      const page = { records: rows(5), next: 1 };
      const cursor = {
        async *plan() {
          yield { id: '', partition: {}, slice: {} };
        },
        page: () => undefined,
        close: () => undefined,
        restart: () => undefined,
        finish: () => undefined,
        state: () => ({ updated: 1 }),
      };
      const open = () => ({
        cursor,
        async *read() {
          yield page;
          throw new Error('down');
        },
      });
      Object.assign(connection.streams[0]!, { open });
      return connection;
    };
    expect(await run(transcript)).toMatchObject({ outcome: 'failed', attempt: 6 });
    expect(waits).toEqual([10, 30, 90, 270]);
  });
});

describe('a wait between attempts', () => {
  it('ends when the sync is stopped', async () => {
    const stop = new AbortController();
    const transcript = begin({ name: 'users', rows: rows(30), onPage: failing(1) });
    const result = await transcript.run({
      retry: { backoff_seconds: 600 },
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'wait') setTimeout(() => stop.abort(), 20);
      },
    });
    expect(result).toMatchObject({ outcome: 'stopped', attempt: 1 });
    expect((await run(transcript)).outcome).toBe('complete');
  });

  it('leaves the destination to others: whoever has taken the job up meanwhile keeps it', async () => {
    const transcript = begin({ name: 'users', rows: rows(30), onPage: failing(2, 3) });
    const other = new Transcript(new FakeSource([{ name: 'users', rows: rows(30) }]), file);
    const result = await run(transcript, {
      sleep: async () => {
        expect((await other.run()).outcome).toBe('complete');
      },
    });
    expect(result).toMatchObject({ outcome: 'failed', jobId: 1, attempt: 2 });
    expect(result.errors).toMatchObject([{ message: expect.stringMatching(/Another sync of this connection/) }]);
    expect(await count(file, 'SELECT count(*) FROM users')).toBe(30);
    expect(await count(file, 'SELECT count(*) FROM _tidemark.jobs')).toBe(1);
  });
});

describe('what an attempt needs', () => {
  it('is made anew for each: a destination that failed is opened again', async () => {
    let opened = 0;
    const breaking = async (): Promise<Destination> => {
      const real = await openDestination(`duckdb:${file}`);
      return {
        name: real.name,
        async open(options) {
          opened++;
          if (opened === 2) throw new ConnectorError('transient', 'the server is starting');
          const session = await real.open(options);
          if (opened === 3) return session;
          const writer = session.writer.bind(session);
          // Between write and commit the server goes away.
          session.writer = async (plans) => {
            const made = await writer(plans);
            const commit = made.commit.bind(made);
            let commits = 0;
            made.commit = async (...states) => {
              if (++commits === 2) throw new ConnectorError('transient', 'the server went away');
              return commit(...states);
            };
            return made;
          };
          return session;
        },
      };
    };
    const transcript = begin({ name: 'users', rows: rows(50) });
    transcript.streams = [{ name: 'users', destination_sync_mode: 'append' }];
    const result = await run(transcript, { destination: await breaking(), checkpoint: { rows: 10 } });
    expect(result).toMatchObject({ outcome: 'complete', attempt: 2, rows: 50 });
    expect(result.attempts).toMatchObject([{ outcome: 'failed', rows: 10, progressed: true }, { outcome: 'complete' }]);
    expect(waits).toEqual([10]);
    expect(await query(file, 'SELECT count(*)::INT AS n, count(DISTINCT id)::INT AS d FROM users')).toEqual([
      { n: 50, d: 50 },
    ]);
  });

  it('is the configuration as the source has renewed it', async () => {
    const transcript = begin({ name: 'users', rows: rows(20), onPage: failing(2) });
    const seen: unknown[] = [];
    const connect = transcript.source.connect.bind(transcript.source);
    Object.assign(transcript.source, {
      connect: async (config: unknown, context: { configChanged(config: object): void }) => {
        seen.push(config);
        context.configChanged({ token: `renewed ${seen.length}` });
        return connect();
      },
    });
    transcript.config = { token: 'first' };
    await run(transcript);
    expect(seen).toEqual([{ token: 'first' }, { token: 'renewed 1' }]);
  });

  it('may be away for a while: an API that does not answer when the sync begins is waited for', async () => {
    const transcript = begin({ name: 'users', rows: rows(20) });
    const connect = transcript.source.connect.bind(transcript.source);
    let down = 3;
    transcript.source.connect = async () => {
      if (down-- > 0) throw new ConnectorError('transient', 'no answer');
      return connect();
    };
    expect(await run(transcript)).toMatchObject({ outcome: 'complete', attempt: 1 });
    expect(waits).toEqual([10, 30, 90]);
    down = 99;
    await expect(run(transcript)).rejects.toThrow('no answer');
  });
});
