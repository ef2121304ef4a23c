import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSource } from '@tidemark/declarative';
import { openDestination, type SyncSettings, sync } from '@tidemark/sync';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { query } from '../cli/query.js';
import { runCli } from '../cli/run-cli.js';
import { CutApi, manifest } from './cut-api.js';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-faults-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
let file: string;
let api: CutApi;
beforeEach(async () => {
  file = join(folder, `${++files}.duckdb`);
  api = new CutApi(8);
  await api.start();
});
afterEach(() => api.stop());

async function run(more: Partial<SyncSettings> = {}) {
  const { source } = await createSource({ text: manifest });
  return sync({
    source,
    config: { base_url: api.url },
    connection: 'faults',
    destination: await openDestination(`duckdb:${file}`),
    retry: { backoff_seconds: 0.01 },
    ...more,
  });
}

const ids = async (): Promise<number[]> =>
  (await query(file, 'SELECT CAST(id AS INTEGER) AS id FROM "rows" ORDER BY id')).map(({ id }) => Number(id));
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('the API', () => {
  it('is down for a while: the sync waits, and goes on at the page that it had come to', async () => {
    api.fate = (page) => {
      if (page === 4 && api.asked.filter((asked) => asked === 4).length === 1) {
        void api.stop();
        return 'hang';
      }
      return undefined;
    };
    const waits: number[] = [];
    const result = await run({
      retry: {},
      sleep: async (ms) => {
        waits.push(ms / 1_000);
        if (waits.length === 2) await api.start();
      },
    });
    expect(result).toMatchObject({ outcome: 'complete', rows: 80 });
    expect(waits).toEqual([10, 30]);
    expect(result.attempts.map(({ outcome, progressed }) => `${outcome} ${progressed}`)).toEqual([
      'failed true',
      'failed false',
      'failed false',
      'complete true',
    ]);
    expect(api.asked).toEqual([1, 2, 3, 4, 4, 5, 6, 7, 8, 9]);
    expect(await ids()).toEqual(upTo(80));
  });

  it('cuts the network inside a body: nothing of that page is taken, and it is asked for again', async () => {
    const cut = new Set([3, 6]);
    api.fate = (page) => (cut.delete(page) ? 'cut' : undefined);
    const result = await run();
    expect(result).toMatchObject({ outcome: 'complete', attempt: 3, rows: 80 });
    expect(result.attempts[0]!.errors[0]).toMatchObject({ kind: 'transient' });
    expect(api.asked).toEqual([1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9]);
    expect(await ids()).toEqual(upTo(80));
  });

  it('hangs: after the time that the source may be silent the attempt is ended and the next one goes on', async () => {
    let hung = false;
    api.fate = (page) => {
      if (page !== 5 || hung) return undefined;
      hung = true;
      return 'hang';
    };
    const result = await run({ heartbeatSeconds: 1 });
    expect(result).toMatchObject({ outcome: 'complete', attempt: 2, rows: 80 });
    expect(result.attempts[0]!.errors[0]!.message).toMatch(/no sign of life/);
    expect(await ids()).toEqual(upTo(80));
  });
});

describe('a record that is nested without end', () => {
  it('fails its stream with words for it; no state covers its page, and the next sync goes on there', async () => {
    api.fate = (page) => (page === 5 ? 'deep' : undefined);
    const checkpoint = { rows: 10 };
    const failed = await run({ retry: false, checkpoint });
    expect(failed).toMatchObject({ outcome: 'failed', rows: 40, errors: [{ stream: 'rows' }] });
    expect(failed.errors[0]!.message).toMatch(/nests too deep.*RemoveFields/);
    api.fate = () => undefined;
    expect(await run({ checkpoint })).toMatchObject({ outcome: 'complete', attempt: 2 });
    expect(api.asked).toEqual([1, 2, 3, 4, 5, 5, 6, 7, 8, 9]);
    expect(await ids()).toEqual(upTo(80));
  });

  it('is told by read in the same way', async () => {
    const path = join(folder, 'manifest.yaml');
    const config = join(folder, 'config.json');
    writeFileSync(path, manifest);
    writeFileSync(config, JSON.stringify({ base_url: api.url }));
    api.fate = (page) => (page === 2 ? 'deep' : undefined);
    const { code, stdout } = await runCli(['read', path, '--config', config]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/"message":"A value of a record nests too deep/);
    const lines = stdout.split('\n');
    expect(lines.filter((line) => line.includes('"RECORD"'))).toHaveLength(10);
    expect(lines.filter((line) => line.includes('"next_page_token":')).at(-1)).toContain('"next_page_token":2');
  });
});

describe('SIGTERM', () => {
  it('while an answer is being waited for: the last page is committed, and the next sync goes on after it', async () => {
    const path = join(folder, 'manifest.yaml');
    const config = join(folder, 'config.json');
    writeFileSync(path, manifest);
    writeFileSync(config, JSON.stringify({ base_url: api.url }));
    const args = ['sync', path, '--config', config, '--to', `duckdb:${file}`];
    let stop: () => void = () => undefined;
    api.fate = (page) => {
      if (page < 5) return undefined;
      stop();
      return 'hang';
    };
    const first = await runCli(args, {
      onStart: (child) => {
        stop = () => void child.kill('SIGTERM');
      },
    });
    expect(first.code).toBe(143);
    expect(await query(file, 'SELECT CAST("rows" AS INTEGER) AS n, outcome FROM _tidemark.attempts')).toEqual([
      { n: 40, outcome: 'stopped' },
    ]);
    api.fate = () => undefined;
    expect((await runCli(args)).code).toBe(0);
    expect(api.asked).toEqual([1, 2, 3, 4, 5, 5, 6, 7, 8, 9]);
    expect(await ids()).toEqual(upTo(80));
  });
});

describe('status', () => {
  it('says how far a sync is that holds its DuckDB file, and reads the books when it is gone', async () => {
    const path = join(folder, 'status.yaml');
    const source = join(folder, 'status-source.yaml');
    writeFileSync(source, manifest);
    const settings = { name: 'status', source, config: { base_url: api.url }, destination: `duckdb:${file}` };
    writeFileSync(path, JSON.stringify({ ...settings, checkpoint: { rows: 10 } }));
    const said: Awaited<ReturnType<typeof runCli>>[] = [];
    let stop: () => void = () => undefined;
    api.fate = (page) => {
      if (page < 5) return undefined;
      void (async () => {
        // The sync says how far it is at most once a second.
        await sleep(1_500);
        said.push(await runCli(['status', path]), await runCli(['status', path, '--json']));
        stop();
      })();
      return 'hang';
    };
    const sync = await runCli(['sync', path], {
      onStart: (child) => {
        stop = () => void child.kill('SIGTERM');
      },
    });
    expect(sync.code).toBe(143);
    expect(said.map(({ code }) => code)).toEqual([0, 0]);
    expect(said[0]!.stdout).toMatch(/Running: job 1, attempt 1, in process \d+/);
    const { running } = JSON.parse(said[1]!.stdout);
    expect(running).toMatchObject({ job: 1, attempt: 1, streams: [{ name: 'rows', status: 'reading' }] });
    expect(readdirSync(folder).filter((name) => name.includes('running'))).toEqual([]);
    expect((await runCli(['status', path])).stdout).toMatch(/Stopped: job 1(?:.|\n)*\nrows .* 40 /);
  });
});
