import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DemoApi, startDemoApi } from '../../examples/demo-api/server.mjs';
import { root } from '../root.js';
import { query } from './query.js';
import { type CliOptions, runCli } from './run-cli.js';

const SIZES = { customers: 57, products: 18, berths: 16, orders: 23, regions: 3, deliveries_per_region: 7 };
const TOTAL = { customers: 57, products: 18, berths: 16, orders: 23, regions: 3, deliveries: 21 };
const manifest = join(root, 'examples/resume/full-refresh/manifest.yaml');
let folder: string;
let api: DemoApi;
let onAnswer: (() => void) | undefined;
let database: string;
let number = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-sync-'));
  api = await startDemoApi({ sizes: SIZES, onAnswer: () => onAnswer?.() });
});
beforeEach(() => {
  onAnswer = undefined;
  api.log.splice(0);
  database = join(folder, `sync-${number++}.duckdb`);
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const configOf = (more: object = {}): string =>
  file('config.json', JSON.stringify({ base_url: api.url, token: 'demo-token', page_size: 5, ...more }));
const sync = (args: string[] = [], options: CliOptions = {}) =>
  runCli(['sync', manifest, '--config', configOf(), '--to', `duckdb:${database}`, ...args], options);

async function rowCounts(streams: string[] = Object.keys(TOTAL)): Promise<Record<string, number>> {
  const parts = streams.map(
    (stream) => `select '${stream}' as stream, cast(count(*) as integer) as rows from "${stream}"`,
  );
  const rows = await query(database, parts.join(' union all '));
  return Object.fromEntries(rows.map((row) => [row.stream, row.rows])) as Record<string, number>;
}

describe('tidemark sync', () => {
  it('lands every stream, prints nothing on standard output and a table on standard error', async () => {
    const run = await sync();
    expect({ code: run.code, stderr: run.code === 0 ? '' : run.stderr }).toEqual({ code: 0, stderr: '' });
    expect(run.stdout).toBe('');
    expect(run.stderr).toMatch(/customers +done +57/);
    expect(run.stderr).toContain('All streams are done: 138 rows');
    expect(await rowCounts()).toEqual(TOTAL);
    const [region] = await query(database, 'select cast(max(chart_number) as varchar) as largest from regions');
    expect(region?.largest).toBe('9007199254740995');
  });

  it('reads only the streams that were asked for, also from a connection file with variables', async () => {
    const connection = file(
      'connection.yaml',
      `source: ${manifest}\nconfig:\n  base_url: ${api.url}\n  token: \${DEMO_TOKEN}\n  page_size: 5\ndestination: duckdb:${database}\nstreams: [customers, orders]\n`,
    );
    const run = await runCli(['sync', connection, '--streams', 'orders'], { env: { DEMO_TOKEN: 'demo-token' } });
    expect({ code: run.code, stderr: run.code === 0 ? '' : run.stderr }).toEqual({ code: 0, stderr: '' });
    expect(await rowCounts(['orders'])).toEqual({ orders: 23 });
    const unset = await runCli(['sync', connection]);
    expect(unset.stderr).toMatch(/connection\.yaml:\d+:\d+ .*DEMO_TOKEN/);
    expect(unset.code).toBe(2);
  });

  it('Ctrl-C and SIGTERM commit the page in hand and end with 130 and 143; the next sync goes on', async () => {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      api.log.splice(0);
      const first = await sync(signal === 'SIGTERM' ? ['--restart'] : [], {
        onStart: (child) => {
          onAnswer = () => api.log.length === 12 && child.kill(signal);
        },
      });
      expect(first.code).toBe(code);
      expect(first.stderr).toContain('The sync was stopped');
      onAnswer = undefined;
      const before = new Set(
        api.log
          .splice(0)
          .filter((answer) => answer.status === 200)
          .map((answer) => answer.path),
      );
      const second = await sync();
      expect(second.code).toBe(0);
      expect(second.stderr).toMatch(/resumed after|done before/);
      expect(await rowCounts()).toEqual(TOTAL);
      const again = api.log.filter((answer) => answer.status === 200 && before.has(answer.path));
      expect(again.length).toBeLessThan(before.size);
    }
  });

  it('a finished sync is followed by a new one that replaces the rows', async () => {
    expect((await sync(['--streams', 'customers'])).code).toBe(0);
    expect((await sync(['--streams', 'customers'])).code).toBe(0);
    expect(await rowCounts(['customers'])).toEqual({ customers: 57 });
  });

  it('some streams missing: exit 3, and the others are there', async () => {
    const broken = await runCli([
      'sync',
      file('part.yaml', manifestWithBrokenStream()),
      '--config',
      configOf(),
      '--to',
      `duckdb:${database}`,
      '--no-retry',
    ]);
    expect(broken.code).toBe(3);
    expect(broken.stderr).toMatch(/products +failed/);
    expect(await rowCounts(['customers'])).toEqual({ customers: 57 });
  });

  it('goes on by itself after an attempt that failed, and says when', async () => {
    const connection = file(
      'retry.yaml',
      `name: retry
source: ${file('retry-manifest.yaml', manifestWithBrokenStream())}
config: { base_url: "${api.url}", token: demo-token, page_size: 5 }
destination: duckdb:${database}
retry: { attempts: 3, backoff_seconds: 0.2, backoff_factor: 2 }
`,
    );
    const run = await runCli(['sync', connection]);
    expect(run.code).toBe(3);
    // The first attempt got on (the other streams were completed), the next three did not.
    expect(run.stderr.match(/^Next attempt .*$/gm)?.map((line) => line.replace(/:.*/, ''))).toEqual([
      'Next attempt at once, because the last one got on',
      'Next attempt in 1 s',
      'Next attempt in 1 s',
    ]);
    expect(run.stderr).toContain('Attempt 4 of job 1');
    expect(await rowCounts(['customers'])).toEqual({ customers: 57 });
  });

  it('a database that somebody else holds is said so, and nothing is lost', async () => {
    expect((await sync(['--streams', 'customers'])).code).toBe(0);
    const holder = spawn(process.execPath, ['-e', holding(database)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    try {
      const run = await sync(['--streams', 'customers']);
      expect(run.stderr).toMatch(/sync-\d+\.duckdb/);
      expect(run.stderr).toMatch(/in use/);
      expect(run.code).toBe(1);
    } finally {
      const ended = new Promise((resolve) => holder.on('exit', resolve));
      holder.kill('SIGKILL');
      await ended;
    }
    expect(await rowCounts(['customers'])).toEqual({ customers: 57 });
  });

  it('a full disk fails clearly; with room again the next sync goes on', async () => {
    const large = await startDemoApi({ sizes: { customers: 40_000 }, faultsEvery: 0 });
    try {
      const args = [
        'sync',
        join(root, 'examples/pagination/cursor/manifest.yaml'),
        '--config',
        file('large.json', JSON.stringify({ base_url: large.url, token: 'demo-token' })),
        '--to',
        `duckdb:${database}`,
      ];
      // No file may grow beyond 3 MB: what a full disk does, without filling one.
      const bin = join(root, 'packages/cli/bin/tidemark.js');
      const child = spawn(
        'sh',
        ['-c', 'trap "" XFSZ; ulimit -f 6000; exec "$@"', 'sh', process.execPath, bin, ...args, '--no-retry'],
        {
          env: { ...process.env, CI: 'true' },
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      );
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
      });
      expect(await new Promise((resolve) => child.on('close', resolve))).toBe(1);
      expect(stderr).toMatch(/no room to write/);
      const again = await runCli(args);
      expect({ code: again.code, stderr: again.code === 0 ? '' : again.stderr }).toEqual({ code: 0, stderr: '' });
      expect(await rowCounts(['customers'])).toEqual({ customers: 40_000 });
    } finally {
      await large.close();
    }
  });
});

describe('tidemark sync used wrongly ends with 2', () => {
  it.each([
    ['a manifest without --to', () => [manifest], /--to duckdb/],
    [
      'a destination that there is not',
      () => [manifest, '--config', configOf(), '--to', 'oracle:x'],
      /oracle:….*duckdb:FILE/s,
    ],
    [
      'an unknown stream',
      () => [manifest, '--config', configOf(), '--to', `duckdb:${database}`, '--streams', 'custmers'],
      /custmers.*customers/s,
    ],
    ['an unknown option', () => [manifest, '--form', 'x'], /unknown option '--form'/],
    [
      'a connection file with mistakes',
      () => [file('bad.yaml', 'sorce: x\ndestination: 7\n')],
      /bad\.yaml:1:1 .*sorce.*source/s,
    ],
    ['a connection file that is not there', () => [join(folder, 'nowhere.yaml')], /nowhere\.yaml/],
  ])('%s', async (_name, args, says) => {
    const run = await runCli(['sync', ...args()]);
    expect(run.stderr).toMatch(says);
    expect(run.stdout).toBe('');
    expect(run.code).toBe(2);
  });
});

function manifestWithBrokenStream(): string {
  const requester = (path: string): string =>
    `{ type: HttpRequester, url: "${api.url}/v1/${path}?limit=100", authenticator: { type: BearerAuthenticator, api_token: "{{ config['token'] }}" } }`;
  const stream = (name: string, path: string): string => `  - type: DeclarativeStream
    name: ${name}
    retriever:
      type: SimpleRetriever
      requester: ${requester(path)}
      record_selector: { type: RecordSelector, extractor: { type: DpathExtractor, field_path: [data] } }
    schema_loader: { type: InlineSchemaLoader, schema: { type: object, properties: { id: { type: integer } } } }
`;
  return `version: 7.0.0
type: DeclarativeSource
check: { type: CheckStream, stream_names: [customers] }
streams:
${stream('customers', 'customers')}${stream('products', 'nowhere')}spec:
  type: Spec
  connection_specification: { type: object, properties: { token: { type: string, airbyte_secret: true } } }
`;
}

/** A program that opens a database for writing and keeps it. */
function holding(path: string): string {
  const from = JSON.stringify(join(root, 'packages/sync/package.json'));
  return `const { DuckDBInstance } = require('node:module').createRequire(${from})('@duckdb/node-api');
DuckDBInstance.create(${JSON.stringify(path)}).then((instance) => { globalThis.kept = instance; console.log('held'); setInterval(() => {}, 1000); });`;
}
