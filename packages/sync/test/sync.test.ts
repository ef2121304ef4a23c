import type { RecordData } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import { count, query, temporaryFolder } from './duckdb-file.ts';
import { FakeSource, type FakeStream, rows } from './fake-source.ts';
import { Transcript } from './transcript.ts';

const folder = temporaryFolder();
let files = 0;
const begin = (...streams: FakeStream[]) => new Transcript(new FakeSource(streams), `${folder}/${++files}.duckdb`);
const ids = async (file: string, table: string) =>
  (await query(file, `SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => Number(id));

/** Throws at the given page while `broken` holds. */
function failing(at: number, state: { broken: boolean }): FakeStream['onPage'] {
  return ({ index }) => {
    if (state.broken && index === at) throw new Error('the API is down');
  };
}

describe('full refresh', () => {
  it('goes on at the page where it failed, and reads nothing twice', async () => {
    const state = { broken: true };
    const transcript = begin(
      { name: 'activities', rows: rows(45), onPage: failing(3, state) },
      { name: 'users', rows: rows(12) },
    );
    transcript.source.concurrency = 1;
    expect((await transcript.run()).outcome).toBe('partial');
    state.broken = false;
    expect((await transcript.run()).outcome).toBe('complete');
    expect((await transcript.run()).outcome).toBe('complete');
    expect(transcript.lines).toEqual([
      'job 1 attempt 1: partial',
      '  ask activities page 0',
      '  ask activities page 1',
      '  ask activities page 2',
      '  ask activities page 3',
      '  ask users page 0',
      '  ask users page 1',
      '  activities failed, 30 rows (the API is down)',
      '  users complete, 12 rows',
      'job 1 attempt 2: complete',
      '  ask activities page 3',
      '  ask activities page 4',
      '  activities complete, 15 rows resumed',
      '  users complete, 0 rows earlier',
      'job 2 attempt 1: complete',
      '  ask activities page 0',
      '  ask activities page 1',
      '  ask activities page 2',
      '  ask activities page 3',
      '  ask activities page 4',
      '  ask users page 0',
      '  ask users page 1',
      '  activities complete, 45 rows',
      '  users complete, 12 rows',
    ]);
    expect(transcript.logs.filter((line) => /Resumed/.test(line))).toEqual([
      'INFO Number of Resumed Full Refresh Streams: {0}',
      'INFO Number of Resumed Full Refresh Streams: {1}',
      'INFO  Resumed stream name: activities namespace: null',
      'INFO Number of Resumed Full Refresh Streams: {0}',
    ]);
    expect(await ids(transcript.file, 'activities')).toEqual(rows(45).map(({ id }) => id));
    expect(await count(transcript.file, 'SELECT max(_airbyte_generation_id) FROM activities')).toBe(2);
  });

  it('leaves the old table as it is until the new one is complete', async () => {
    const state = { broken: false };
    const stream = { name: 'users', rows: rows(20), onPage: failing(1, state) };
    const transcript = begin(stream);
    await transcript.run();
    Object.assign(stream, { rows: rows(20, 101) });
    state.broken = true;
    expect((await transcript.run()).outcome).toBe('failed');
    expect((await ids(transcript.file, 'users'))[0]).toBe(1);
    state.broken = false;
    await transcript.run();
    expect(await ids(transcript.file, 'users')).toEqual(rows(20, 101).map(({ id }) => id));
  });

  it('begins a stream anew that says it is not resumable: its partial rows go', async () => {
    for (const destination_sync_mode of ['overwrite', 'append'] as const) {
      const state = { broken: true };
      const transcript = begin({ name: 'whole', rows: rows(30), resumable: false, onPage: failing(2, state) });
      transcript.streams = [{ name: 'whole', destination_sync_mode }];
      await transcript.run();
      state.broken = false;
      const { streams } = await transcript.run();
      expect(streams[0]).toMatchObject({ committed: 30, resumed: false });
      expect(await ids(transcript.file, 'whole')).toEqual(rows(30).map(({ id }) => id));
    }
  });

  it('begins a new job when asked to, and no old position is gone on from', async () => {
    const state = { broken: true };
    for (const destination_sync_mode of ['overwrite', 'append'] as const) {
      state.broken = true;
      const transcript = begin({ name: 'users', rows: rows(30), onPage: failing(2, state) });
      transcript.streams = [{ name: 'users', destination_sync_mode }];
      await transcript.run();
      state.broken = false;
      expect(await transcript.run({ restart: true })).toMatchObject({ jobId: 2, attempt: 1, outcome: 'complete' });
      expect(transcript.source.requests.filter((line) => line === 'users page 0')).toHaveLength(2);
      expect(await ids(transcript.file, 'users')).toEqual(rows(30).map(({ id }) => id));
    }
  });

  it('begins a new job when the configuration has changed, but not for another secret', async () => {
    const state = { broken: true };
    const transcript = begin({ name: 'users', rows: rows(30), onPage: failing(2, state) });
    transcript.config = { account: 'a', token: 'one' };
    await transcript.run();
    transcript.config = { account: 'a', token: 'two' };
    expect(await transcript.run()).toMatchObject({ jobId: 1, attempt: 2 });
    transcript.config = { account: 'b', token: 'two' };
    state.broken = false;
    expect(await transcript.run()).toMatchObject({ jobId: 2, attempt: 1, outcome: 'complete' });
    expect(await ids(transcript.file, 'users')).toHaveLength(30);
  });

  it('does not leave finished streams stale for a stream that fails for ever', async () => {
    const state = { broken: true };
    const transcript = begin(
      { name: 'users', rows: rows(5) },
      { name: 'forbidden', rows: [], onPage: failing(0, state) },
    );
    for (const jobId of [1, 2, 3]) {
      const nextJob = 'what is left of it has to be read from the beginning';
      expect(await transcript.run()).toMatchObject({ jobId, attempt: 1, outcome: 'partial', nextJob });
    }
    expect(transcript.source.requests.filter((line) => line === 'users page 0')).toHaveLength(3);
  });

  it('adds one copy for each job in append mode', async () => {
    const transcript = begin({ name: 'users', rows: rows(7) });
    transcript.streams = [{ name: 'users', destination_sync_mode: 'append' }];
    await transcript.run();
    await transcript.run();
    expect(
      await query(
        transcript.file,
        'SELECT _airbyte_generation_id::INT AS g, count(*)::INT AS n FROM users GROUP BY 1 ORDER BY 1',
      ),
    ).toEqual([
      { g: 1, n: 7 },
      { g: 2, n: 7 },
    ]);
  });

  it('reads partitions beside each other and resumes each on its own', async () => {
    const state = { broken: true };
    const transcript = begin({
      name: 'orders',
      partitions: { a: rows(35), b: rows(25, 101), c: [], d: rows(3, 201) },
      onPage: ({ unit, index }) => {
        if (state.broken && unit.partition.of === 'b' && index === 2) throw new Error('down');
      },
    });
    await transcript.run();
    state.broken = false;
    await transcript.run();
    const asked = transcript.source.requests.filter((line) => line.includes('"b"')).map((line) => line.slice(-6));
    expect(asked).toEqual(['page 0', 'page 1', 'page 2', 'page 2']);
    expect(await count(transcript.file, 'SELECT count(DISTINCT id) FROM orders')).toBe(63);
    expect(await count(transcript.file, 'SELECT count(*) FROM orders')).toBe(63);
  });
});

describe('incremental', () => {
  const growing = (until: number): Partial<FakeStream> => ({ rows: rows(until), slices: { step: 10, until } });

  it('takes what is new, deduplicated where there is a key', async () => {
    const stream: FakeStream = { name: 'events', primaryKey: [['id']], ...growing(25) };
    const transcript = begin(stream);
    await transcript.run();
    Object.assign(stream, growing(40));
    const changed: RecordData = { id: 3, name: 'renamed', updated: 33 };
    stream.rows = [...stream.rows!, changed];
    const result = await transcript.run();
    expect(result).toMatchObject({ jobId: 2, outcome: 'complete' });
    expect(await ids(transcript.file, 'events')).toEqual(rows(40).map(({ id }) => id));
    expect(await query(transcript.file, 'SELECT name FROM events WHERE id = 3')).toEqual([{ name: 'renamed' }]);
  });

  it('keeps its state over a failed job and over a restart', async () => {
    const state = { broken: true };
    const stream: FakeStream = {
      name: 'events',
      ...growing(50),
      onPage: ({ unit }) => {
        if (state.broken && unit.slice.start === 30) throw new Error('down');
      },
    };
    const transcript = begin(stream);
    transcript.source.concurrency = 1;
    await transcript.run();
    state.broken = false;
    await transcript.run({ restart: true });
    expect(transcript.source.requests.filter((line) => line.includes('"start":0'))).toHaveLength(1);
    expect(await ids(transcript.file, 'events')).toEqual(rows(50).map(({ id }) => id));
  });

  it('deletes and reads again what a unit that begins anew had sent, in an earlier attempt too', async () => {
    const state = { broken: true, restarts: 1 };
    const stream: FakeStream = {
      name: 'events',
      pageSize: 2,
      ...growing(10),
      onPage: ({ index, unit, restart }) => {
        if (state.broken && index === 3) throw new Error('down');
        if (unit.position !== undefined && state.restarts-- > 0) restart('the token was refused');
      },
    };
    const transcript = begin(stream);
    await transcript.run();
    state.broken = false;
    await transcript.run({ restart: true });
    expect(await ids(transcript.file, 'events')).toEqual(rows(10).map(({ id }) => id));
    expect(transcript.logs.some((line) => /begins anew: the token was refused/.test(line))).toBe(true);
  });
});

describe('a run', () => {
  it('stops after the page in hand, with its state committed', async () => {
    const stop = new AbortController();
    const transcript = begin({
      name: 'users',
      rows: rows(100),
      onPage: ({ index }) => {
        if (index === 4) stop.abort();
      },
    });
    const began = Date.now();
    const result = await transcript.run({ signal: stop.signal });
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(result).toMatchObject({ outcome: 'stopped', streams: [{ status: 'stopped', committed: 50 }] });
    expect(await transcript.run()).toMatchObject({
      attempt: 2,
      outcome: 'complete',
      streams: [{ committed: 50, resumed: true }],
    });
    expect(await ids(transcript.file, 'users')).toEqual(rows(100).map(({ id }) => id));
  });

  it('tells how far it is', async () => {
    let now = 0;
    const transcript = begin({
      name: 'users',
      rows: rows(30),
      onPage: () => {
        now += 1_000;
      },
    });
    await transcript.run({ clock: () => 1_700_000_000_000 + now, checkpoint: { rows: 20 } });
    const told = transcript.events.map((event) =>
      'stream' in event ? `${event.type} ${event.stream.records} ${event.stream.committed}` : event.type,
    );
    expect(told).toEqual([
      'start',
      'progress 10 0',
      'progress 20 0',
      'checkpoint 20 20',
      'progress 30 20',
      'checkpoint 30 30',
      'stream 30 30',
      'attempt',
    ]);
    expect(transcript.events.at(-2)).toMatchObject({
      stream: { status: 'complete', rate: 10, elapsedSeconds: 3, pages: 3 },
    });
  });

  it('commits by the clock although no page comes', async () => {
    const transcript = begin({
      name: 'users',
      rows: rows(20),
      onPage: async ({ index }) => {
        while (index === 1 && !transcript.events.some((event) => event.type === 'checkpoint'))
          await new Promise((go) => setTimeout(go, 5));
      },
    });
    expect((await transcript.run({ checkpoint: { seconds: 0.05 } })).streams[0]).toMatchObject({
      committed: 20,
      checkpoints: 2,
    });
  });

  it('refuses what cannot be before anything is read', async () => {
    const transcript = begin({ name: 'users', rows: rows(3) }, { name: 'orders', rows: [] });
    const refusals: [NonNullable<Transcript['streams']>, RegExp][] = [
      [[{ name: 'uses' }, { name: 'order' }], /no stream 'uses'\. .*no stream 'order'\. It has: users, orders/],
      [[{ name: 'users', sync_mode: 'incremental' }], /cannot be read in mode 'incremental' \(it can: full_refresh\)/],
      [
        [{ name: 'users', destination_sync_mode: 'append_dedup' }],
        /'full_refresh' cannot be written with 'append_dedup'/,
      ],
      [[{ name: 'users', destination_sync_mode: 'overwrite_dedup' }], /needs a primary key/],
      [[{ name: 'users' }, { name: 'users' }], /asked for twice/],
    ];
    for (const [streams, message] of refusals) {
      transcript.streams = streams;
      await expect(transcript.run()).rejects.toMatchObject({ kind: 'config', message: expect.stringMatching(message) });
    }
    expect(transcript.source.requests).toEqual([]);
    expect(transcript.source.closed).toBe(transcript.source.connects);
  });

  it('reads a table from the beginning that somebody has dropped', async () => {
    const transcript = begin({ name: 'events', rows: rows(20), slices: { step: 10, until: 20 } });
    await transcript.run();
    await query(transcript.file, 'DROP TABLE events');
    await transcript.run();
    expect(await ids(transcript.file, 'events')).toHaveLength(20);
    expect(transcript.logs.some((line) => /WARN Table main.events is gone/.test(line))).toBe(true);
  });

  it('touches no table that it did not make, nor another connection’s', async () => {
    const transcript = begin({ name: 'users', rows: rows(3) });
    await query(transcript.file, 'CREATE TABLE users (precious INTEGER)');
    await expect(transcript.run()).rejects.toMatchObject({
      kind: 'config',
      message: expect.stringMatching(/was not made by Tidemark/),
    });
    await query(transcript.file, 'DROP TABLE users');
    await transcript.run();
    await expect(transcript.run({ connection: 'other' })).rejects.toThrow(/belongs to the connection 'test'/);
  });

  it('puts streams with a namespace into a schema of that name', async () => {
    const transcript = begin({ name: 'users', namespace: 'crm', rows: rows(3) }, { name: 'users', rows: rows(4) });
    await transcript.run();
    expect(await count(transcript.file, 'SELECT count(*) FROM crm.users')).toBe(3);
    expect(await count(transcript.file, 'SELECT count(*) FROM main.users')).toBe(4);
  });

  it('loses only the stream that cannot say what it is', async () => {
    const transcript = begin({ name: 'users', rows: rows(3) }, { name: 'dynamic', rows: [] });
    const connect = transcript.source.connect.bind(transcript.source);
    transcript.source.connect = async () => {
      const connection = await connect();
      Object.assign(connection.streams[1]!, { describe: () => Promise.reject(new Error('no schema')) });
      return connection;
    };
    expect(await transcript.run()).toMatchObject({
      outcome: 'partial',
      streams: [{ status: 'complete' }, { status: 'failed' }],
    });
  });
});

describe('pages that no state covers yet', () => {
  it('are committed with the page that closes them', async () => {
    const state = { broken: true };
    const transcript = begin({ name: 'pieces', rows: rows(100), more: true, onPage: failing(7, state) });
    const { streams } = await transcript.run({ checkpoint: { rows: 1 } });
    expect(streams[0]).toMatchObject({ records: 70, committed: 60 });
    state.broken = false;
    expect((await transcript.run()).streams[0]).toMatchObject({ committed: 40, resumed: true });
    expect(await ids(transcript.file, 'pieces')).toEqual(rows(100).map(({ id }) => id));
  });

  it('do not hold up other units', async () => {
    const state = { broken: true };
    const transcript = begin({
      name: 'pieces',
      partitions: { a: rows(100), b: rows(100, 1001) },
      more: true,
      onPage: failing(8, state),
    });
    await transcript.run({ checkpoint: { rows: 1 } });
    expect(await count(transcript.file, 'SELECT count(*) FROM pieces__tidemark_next')).toBe(120);
    state.broken = false;
    await transcript.run();
    expect(await ids(transcript.file, 'pieces')).toHaveLength(200);
  });
});
