import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DemoApi, startDemoApi } from '../../examples/demo-api/server.mjs';
import { root } from '../root.js';
import { query } from './query.js';
import { type CliOptions, runCli } from './run-cli.js';

const SIZES = { customers: 57, products: 18, berths: 16, orders: 23, regions: 3, deliveries_per_region: 7 };
let folder: string;
let api: DemoApi;
let onAnswer: (() => void) | undefined;
let number = 0;
let database: string;
let connection: string;

/** A connection file with a database of its own. */
function connect(streams: string, more = ''): string {
  const name = `c-${++number}`;
  database = join(folder, `${name}.duckdb`);
  const file = join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    `name: shop
source: ${root}examples/resume/full-refresh/manifest.yaml
config: { base_url: "${api.url}", token: "\${SHOP_TOKEN}", page_size: 5 }
destination: duckdb:${name}.duckdb
streams: ${streams}
checkpoint: { seconds: 0.05 }
${more}`,
  );
  return file;
}

const env = { SHOP_TOKEN: 'demo-token' };
const run = (args: string[], options: CliOptions = {}) => runCli(args, { env, ...options });
/** The books need none of what the source needs. */
const books = (args: string[], options: CliOptions = {}) => runCli(args, options);
const ok = async (pending: ReturnType<typeof runCli>) => {
  const done = await pending;
  expect({ code: done.code, stderr: done.code === 0 ? '' : done.stderr }).toEqual({ code: 0, stderr: '' });
  return done;
};
const statusOf = async (file: string) => JSON.parse((await ok(books(['status', file, '--json']))).stdout);
const count = async (table: string) => (await query(database, `select count(*)::int as n from ${table}`))[0]?.n;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-books-'));
  api = await startDemoApi({ sizes: SIZES, onAnswer: () => onAnswer?.() });
});
beforeEach(() => {
  onAnswer = undefined;
  connection = connect('[customers, orders]');
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('tidemark status', () => {
  it('says that nothing was synced yet, and makes no database for that', async () => {
    expect((await ok(books(['status', connection]))).stdout).toMatch(
      /^shop into duckdb:.*\nIt has not been synced yet\.\n$/,
    );
    expect(await statusOf(connection)).toMatchObject({ connection: 'shop', job: null, streams: [], attempts: [] });
    expect(existsSync(database)).toBe(false);
  });

  it('says how far each stream is and where it would go on after a kill', async () => {
    let answers = 0;
    const killed = await run(['sync', connection], {
      onStart: (child) => {
        onAnswer = () => ++answers === 10 && child.kill('SIGKILL');
      },
    });
    expect(killed.signal).toBe('SIGKILL');
    const after = await statusOf(connection);
    expect(after.job).toEqual({ id: 1, attempt: 1, outcome: 'running' });
    expect(after.next_sync).toEqual({ job: 1, attempt: 2 });
    expect(after.attempts).toMatchObject([{ job: 1, attempt: 1, outcome: 'running', ended_at: null }]);
    const text = (await ok(books(['status', connection]))).stdout;
    expect(text).toContain('Running, or killed: job 1, after 1 attempt. The next sync goes on with it as attempt 2.');
    expect(text).toMatch(/customers +full_refresh, overwrite +open/);
    const resumed = await ok(run(['sync', connection]));
    const [customers] = after.streams;
    if (customers.next_read_from !== 'the beginning')
      expect(resumed.stderr).toContain(`resumed from ${customers.next_read_from}`);
    const done = await statusOf(connection);
    expect(done.job).toEqual({ id: 1, attempt: 2, outcome: 'complete' });
    expect(done.streams).toMatchObject([
      {
        name: 'customers',
        status: 'complete',
        rows_in_job: 57,
        // Where the kill came before the first commit there was nothing to go on with.
        generation: customers.next_read_from === 'the beginning' ? 2 : 1,
        next_read_from: 'the beginning',
      },
      { name: 'orders', status: 'complete', rows_in_job: 23, next_read_from: expect.stringMatching(/^updated_at 2/) },
    ]);
    expect(done.next_sync).toEqual({ job: 2, attempt: 1 });
    expect(done.attempts).toMatchObject([{ attempt: 2, outcome: 'complete' }, { attempt: 1 }]);
    writeFileSync(connection, readFileSync(connection, 'utf8').replace('[customers', '[berths, customers'));
    expect((await ok(books(['status', connection]))).stdout).toMatch(/berths +not synced yet +the beginning/);
  });

  it('says so while a sync holds the database, and where a file is none', async () => {
    let answers = 0;
    let held: ReturnType<typeof books> | undefined;
    await ok(
      run(['sync', connection], {
        onStart: () => {
          onAnswer = () => {
            if (++answers === 3) held = books(['status', connection]);
          };
        },
      }),
    );
    const during = await held!;
    // The sync may have been over by the time that the other process came to it.
    if (during.code !== 0) expect(during.stderr).toMatch(/is in use|held|another/i);
    expect((await books(['status', join(folder, 'none.yaml')])).code).toBe(2);
  });
});

describe('tidemark refresh and clear', () => {
  it('a refresh reads a stream from the beginning in the next sync, keeping what is there until then', async () => {
    await ok(run(['sync', connection]));
    const merged = await ok(books(['refresh', connection, '--stream', 'orders']));
    expect(merged.stderr).toMatch(/^The next sync reads from the beginning: orders; the rows that are there stay/);
    expect(await count('orders')).toBe(23);
    const [, orders] = (await statusOf(connection)).streams;
    expect(orders).toMatchObject({ refresh: 'merge', next_read_from: 'the beginning (refresh, merge)' });
    expect((await ok(run(['sync', connection]))).stderr).toMatch(/orders +done +23 records/);
    expect(await count('orders')).toBe(23);
    expect((await statusOf(connection)).streams[1]).toMatchObject({ refresh: null, generation: 2 });
    await ok(books(['refresh', connection, '--truncate']));
    await ok(run(['sync', connection]));
    expect(await count('orders')).toBe(23);
    expect((await statusOf(connection)).streams[1]).toMatchObject({ generation: 3, status: 'complete' });
  });

  it('a refresh that is not possible is wrong usage', async () => {
    const refused = await books(['refresh', connection]);
    expect(refused.stderr).toContain('has not been synced yet');
    expect(refused.code).toBe(2);
  });

  it('a clear deletes rows and state, after a yes', async () => {
    await ok(run(['sync', connection]));
    const unconfirmed = await books(['clear', connection]);
    expect(unconfirmed.stderr).toMatch(
      /This deletes the rows and the state of 2 streams .*: customers, orders\. .*--yes/,
    );
    expect(unconfirmed.code).toBe(2);
    expect(await count('orders')).toBe(23);
    await ok(books(['clear', connection, '--stream', 'orders', '--yes']));
    const [customers, orders] = (await statusOf(connection)).streams;
    expect(orders).toMatchObject({ rows_in_job: 0, next_read_from: 'the beginning' });
    expect(customers.rows_in_job).toBe(57);
    const left = await query(database, "select count(*)::int as n from duckdb_tables() where table_name = 'orders'");
    if (left[0]?.n !== 0) expect(await count('orders')).toBe(0);
    expect(await count('customers')).toBe(57);
    expect((await ok(run(['sync', connection]))).stderr).toMatch(/orders +done +23 records/);
    expect(await count('orders')).toBe(23);
  });
});

describe('tidemark state', () => {
  it('goes out and comes in again as it was, in the protocol’s form', async () => {
    await ok(run(['sync', connection]));
    const file = join(folder, 'state.json');
    await ok(books(['state', 'export', connection, '--file', file]));
    const exported = JSON.parse(readFileSync(file, 'utf8'));
    expect(exported).toEqual([
      { type: 'STREAM', stream: { stream_descriptor: { name: 'customers' }, stream_state: expect.any(Object) } },
      { type: 'STREAM', stream: { stream_descriptor: { name: 'orders' }, stream_state: expect.any(Object) } },
    ]);
    expect((await ok(books(['state', 'import', connection, '--file', file]))).stderr).toBe(
      'The state of 2 streams is set: customers, orders.\n',
    );
    expect((await ok(books(['state', 'export', connection]))).stdout).toBe(readFileSync(file, 'utf8'));
  });

  it('is taken as JSON lines and with exact numbers, and moves the next read', async () => {
    await ok(run(['sync', connection]));
    const state = (value: string) =>
      `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"orders"},"stream_state":{"updated_at":"${value}","big":12345678901234567890}}}}`;
    const lines = `{"type":"LOG","log":{"level":"INFO","message":"x"}}\n${state('2000-01-01T00:00:00Z')}\n${state('2001-01-01T00:00:00Z')}\n`;
    await ok(books(['state', 'import', connection], { stdin: lines }));
    const exported = (await ok(books(['state', 'export', connection]))).stdout;
    expect(exported).toContain('{"updated_at":"2001-01-01T00:00:00Z","big":12345678901234567890}');
    expect((await ok(run(['sync', connection]))).stderr).toMatch(/orders +done +23 records/);
  });

  it('of a GLOBAL kind keeps what the streams share; null drops a state', async () => {
    await ok(run(['sync', connection]));
    const state = {
      type: 'GLOBAL',
      global: {
        shared_state: { lsn: 7 },
        stream_states: [{ stream_descriptor: { name: 'orders' }, stream_state: null }],
      },
    };
    const done = await ok(books(['state', 'import', connection], { stdin: JSON.stringify(state) }));
    expect(done.stderr).toBe('The state of 1 stream is dropped: orders.\n');
    const [exported] = JSON.parse((await ok(books(['state', 'export', connection]))).stdout);
    expect(exported).toMatchObject({ type: 'GLOBAL', global: { shared_state: { lsn: 7 } } });
    expect(exported.global.stream_states.map((one: { stream_descriptor: object }) => one.stream_descriptor)).toEqual([
      { name: 'customers' },
    ]);
  });

  it('lets a connection that was never synced go on where another system stopped', async () => {
    const state = [
      {
        type: 'STREAM',
        stream: { stream_descriptor: { name: 'orders' }, stream_state: { updated_at: '2999-01-01T00:00:00Z' } },
      },
      { type: 'STREAM', stream: { stream_descriptor: { name: 'customers' }, stream_state: { next_page_token: 3 } } },
    ];
    const done = await ok(run(['state', 'import', connection], { stdin: JSON.stringify(state) }));
    expect(done.stderr).toBe(
      'The state of 1 stream is set: orders.\nThe state of 1 stream is not taken (full_refresh: read whole in every job): customers.\n',
    );
    await ok(run(['sync', connection]));
    expect(await count('customers')).toBe(57);
    expect(await count('orders')).toBe(0);
  });

  it('of another stream is refused with its name, and nothing is changed', async () => {
    await ok(run(['sync', connection]));
    const before = (await ok(books(['state', 'export', connection]))).stdout;
    const both = (name: string) => ({
      type: 'STREAM',
      stream: { stream_descriptor: { name }, stream_state: { a: 1 } },
    });
    const refused = await run(['state', 'import', connection], {
      stdin: JSON.stringify([both('orders'), both('ordrs')]),
    });
    expect(refused.stderr).toContain("The state is of stream 'ordrs', which this connection does not have.");
    expect(refused.code).toBe(2);
    expect((await ok(books(['state', 'export', connection]))).stdout).toBe(before);
  });

  it('can be kept in a file of its own', async () => {
    connection = connect('[customers, orders]', 'state: file:kept.json\n');
    await ok(run(['sync', connection]));
    expect(readFileSync(join(folder, 'kept.json'), 'utf8')).toContain('updated_at');
    expect((await statusOf(connection)).job).toEqual({ id: 1, attempt: 1, outcome: 'complete' });
    expect((await ok(run(['sync', connection]))).stderr).toMatch(/orders +done +1 record/);
    expect(await count('orders')).toBe(23);
  });
});
