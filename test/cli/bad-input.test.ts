import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Message } from '@tidemark/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoApi, startDemoApi } from '../../examples/demo-api/server.mjs';
import { root } from '../root.js';
import { runCli } from './run-cli.js';

const SIZES = { customers: 17, products: 18, berths: 16, orders: 23, regions: 3, deliveries_per_region: 7 };
const cursorManifest = join(root, 'examples/pagination/cursor/manifest.yaml');
let folder: string;
let api: DemoApi;
let config: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-cli-'));
  api = await startDemoApi({ sizes: SIZES, faultsEvery: 0 });
  config = file('config.json', JSON.stringify({ base_url: api.url, token: 'demo-token', page_size: 5 }));
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

function errorsOf(messages: Message[]): string[] {
  return messages.flatMap((message) =>
    message.type === 'TRACE' && message.trace.type === 'ERROR' ? [message.trace.error.message] : [],
  );
}

function failureTypes(messages: Message[]): string[] {
  return messages.flatMap((message) =>
    message.type === 'TRACE' && message.trace.type === 'ERROR' ? [message.trace.error.failure_type] : [],
  );
}

describe('a manifest that cannot run', () => {
  const broken = [
    {
      name: 'YAML that does not parse',
      text: 'streams:\n  - {type: DeclarativeStream\n',
      says: /broken\.yaml:\d+:\d+/,
    },
    {
      name: 'an unknown word',
      text: readFileSync(cursorManifest, 'utf8').replace('type: CursorPagination', 'type: CursorPaginaton'),
      says: /broken\.yaml:\d+:\d+ .*CursorPaginaton.*CursorPagination/s,
    },
    {
      name: 'a wrong value',
      text: readFileSync(cursorManifest, 'utf8').replace('max_retries: 3', 'max_retries: [3]'),
      says: /broken\.yaml:\d+:\d+ .*max_retries/s,
    },
  ];

  it.each(broken)('$name: every command says where', async ({ text, says }) => {
    const manifest = file('broken.yaml', text);
    const validate = await runCli(['validate', manifest]);
    expect(validate.stdout).toMatch(says);
    expect(validate.code).toBe(1);
    const spec = await runCli(['spec', manifest]);
    expect(errorsOf(spec.messages()).join()).toMatch(says);
    expect(failureTypes(spec.messages())).toEqual(['config_error']);
    expect(spec.code).toBe(1);
    const check = await runCli(['check', manifest, '--config', config]);
    const status = check.messages().find((message) => message.type === 'CONNECTION_STATUS');
    expect(status?.connectionStatus.status).toBe('FAILED');
    expect(status?.connectionStatus.message).toMatch(says);
    expect(check.code).toBe(0);
    const sync = await runCli(['sync', manifest, '--config', config, '--to', `duckdb:${join(folder, 'none.duckdb')}`]);
    expect(sync.stderr).toMatch(says);
    expect(sync.stdout).toBe('');
    expect(sync.code).toBe(2);
  });

  it('an unknown field is a warning, never a refusal', async () => {
    const manifest = file(
      'warned.yaml',
      readFileSync(cursorManifest, 'utf8').replace('page_size: "{{', 'page_sise: 3\n          page_size: "{{'),
    );
    const validate = await runCli(['validate', manifest]);
    expect(validate.stdout).toMatch(/warned\.yaml:\d+:\d+ .*page_sise.*page_size/s);
    expect(validate.code).toBe(0);
    const json = JSON.parse((await runCli(['validate', manifest, '--json'])).stdout);
    expect(json.errors).toBe(0);
    expect(json.diagnostics[0]).toMatchObject({
      severity: 'warning',
      line: expect.any(Number),
      column: expect.any(Number),
    });
    const read = await runCli(['read', manifest, '--config', config]);
    expect(read.code).toBe(0);
    const logs = read.messages().flatMap((message) => (message.type === 'LOG' ? [message.log] : []));
    expect(logs.some((log) => log.level === 'WARN' && log.message.includes('page_sise'))).toBe(true);
  });

  it('a manifest that is not there is named', async () => {
    const run = await runCli(['spec', join(folder, 'nowhere.yaml')]);
    expect(errorsOf(run.messages())[0]).toContain('nowhere.yaml');
    expect(run.code).toBe(1);
  });
});

describe('a configuration that does not fit', () => {
  it('tells every violation and no secret', async () => {
    const bad = file('bad.json', JSON.stringify({ token: 'very-secret-token', page_size: 'many-of-them' }));
    const check = await runCli(['check', cursorManifest, '--config', bad]);
    const status = check.messages().find((message) => message.type === 'CONNECTION_STATUS');
    expect(status?.connectionStatus.status).toBe('FAILED');
    expect(status?.connectionStatus.message).toMatch(/must have 'base_url'/);
    expect(status?.connectionStatus.message).toMatch(/'page_size' must be integer/);
    expect(check.code).toBe(0);
    const read = await runCli(['read', cursorManifest, '--config', bad, '--debug']);
    expect(errorsOf(read.messages())[0]).toMatch(/must have 'base_url'.*'page_size' must be integer/s);
    expect(failureTypes(read.messages())).toEqual(['config_error']);
    expect(read.code).toBe(1);
    const sync = await runCli([
      'sync',
      cursorManifest,
      '--config',
      bad,
      '--to',
      `duckdb:${join(folder, 'none.duckdb')}`,
    ]);
    expect(sync.stderr).toMatch(/must have 'base_url'/);
    expect(sync.code).toBe(2);
    for (const run of [check, read, sync]) expect(run.stdout + run.stderr).not.toMatch(/very-secret|many-of-them/);
  });

  it('a file that is no JSON is named with its line and not quoted', async () => {
    const bad = file('torn.json', '{\n  "token": "very-secret-token",\n  oops\n}');
    const run = await runCli(['check', cursorManifest, '--config', bad]);
    const status = run.messages().find((message) => message.type === 'CONNECTION_STATUS');
    expect(status?.connectionStatus.message).toMatch(/torn\.json.*line 3/);
    expect(run.stdout + run.stderr).not.toContain('very-secret');
  });

  it('comes from standard input, with nulls in optional fields', async () => {
    const stdin = JSON.stringify({ base_url: api.url, token: 'demo-token', page_size: 5 });
    const run = await runCli(['check', cursorManifest, '--config', '-'], { stdin });
    expect(run.messages().at(-1)).toEqual({ type: 'CONNECTION_STATUS', connectionStatus: { status: 'SUCCEEDED' } });
  });
});

describe('a catalog or state that does not fit', () => {
  const stream = { name: 'customers', json_schema: {}, supported_sync_modes: ['full_refresh'] };
  const catalogOf = (name: string): string =>
    JSON.stringify({
      streams: [{ stream: { ...stream, name }, sync_mode: 'full_refresh', destination_sync_mode: 'append' }],
    });

  it('a catalog with an unknown stream names it and those there are', async () => {
    const run = await runCli([
      'read',
      cursorManifest,
      '--config',
      config,
      '--catalog',
      file('c.json', catalogOf('custmers')),
    ]);
    expect(errorsOf(run.messages())[0]).toMatch(/custmers.*customers/s);
    expect(failureTypes(run.messages())).toEqual(['config_error']);
    expect(run.code).toBe(1);
  });

  it.each([
    ['a number', '7', /must be a list of stream states/],
    ['a list of names', '["customers"]', /'\[0\]' must be an object/],
    [
      'a state that is text',
      '[{"type":"STREAM","stream":{"stream_descriptor":{"name":"customers"},"stream_state":"x"}}]',
      /stream_state' must be an object/,
    ],
    ['a GLOBAL state', '[{"type":"GLOBAL","global":{"shared_state":{},"stream_states":[]}}]', /GLOBAL/],
    ['an empty file', '', /empty/],
  ])('a state of the wrong shape (%s) is refused', async (_name, text, says) => {
    const run = await runCli(['read', cursorManifest, '--config', config, '--state', file('state.json', text)]);
    expect(errorsOf(run.messages())[0]).toMatch(says);
    expect(failureTypes(run.messages())).toEqual(['config_error']);
    expect(run.code).toBe(1);
  });

  it('nulls stand for nothing in every optional field', async () => {
    const nulls = {
      namespace: null,
      source_defined_cursor: null,
      default_cursor_field: null,
      source_defined_primary_key: null,
      is_resumable: null,
    };
    const configured = {
      stream: { ...stream, ...nulls },
      sync_mode: 'full_refresh',
      destination_sync_mode: 'append',
      cursor_field: null,
      primary_key: null,
      generation_id: null,
      minimum_generation_id: null,
      sync_id: null,
    };
    const state = [
      {
        type: 'STREAM',
        stream: { stream_descriptor: { name: 'customers', namespace: null }, stream_state: null },
        global_: null,
        data: null,
        sourceStats: null,
        destinationStats: null,
      },
    ];
    const args = [
      '--catalog',
      file('nulls.json', JSON.stringify({ streams: [configured] })),
      '--state',
      file('null-state.json', JSON.stringify(state)),
    ];
    const run = await runCli(['read', cursorManifest, '--config', config, ...args]);
    expect(run.messages().filter((message) => message.type === 'RECORD').length).toBe(SIZES.customers);
    expect(run.code).toBe(0);
  });
});

describe('an API that answers badly', () => {
  let server: Server;
  let answers: (path: string) => { status: number; headers: Record<string, string>; body: string; length?: number };
  let bad: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const { status, headers, body, length } = answers(request.url ?? '/');
      response.writeHead(status, { ...headers, 'content-length': String(length ?? Buffer.byteLength(body)) });
      response.write(body);
      if (length === undefined) response.end();
      else response.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    bad = file('bad-api.json', JSON.stringify({ base_url, token: 'demo-token', page_size: 2 }));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const json = { 'content-type': 'application/json' };
  const page = (ids: number[], next: string | null): string =>
    JSON.stringify({ data: ids.map((id) => ({ id })), next_cursor: next });

  it.each([
    [
      'HTML where JSON was due',
      () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' }),
    ],
    ['a body cut short', () => ({ status: 200, headers: json, body: page([3], null).slice(0, 10), length: 4000 })],
    ['a redirect loop', () => ({ status: 302, headers: { location: '/v1/customers' }, body: '' })],
  ])(
    '%s fails the stream clearly and keeps what was read',
    async (_name, second) => {
      answers = (path) =>
        path.includes('after=') ? second() : { status: 200, headers: json, body: page([1, 2], 'two') };
      const run = await runCli(['read', cursorManifest, '--config', bad]);
      const messages = run.messages();
      expect(messages.filter((message) => message.type === 'RECORD').length).toBe(2);
      const states = messages.flatMap((message) =>
        message.type === 'STATE' && message.state.type === 'STREAM' ? [message.state.stream.stream_state] : [],
      );
      expect(states.at(-1)).toMatchObject({ next_page_token: 'two' });
      expect(errorsOf(messages).length).toBe(1);
      expect(errorsOf(messages)[0]).toMatch(/\S/);
      const last = messages
        .flatMap((message) =>
          message.type === 'TRACE' && message.trace.type === 'STREAM_STATUS'
            ? [message.trace.stream_status.status]
            : [],
        )
        .at(-1);
      expect(last).toBe('INCOMPLETE');
      expect(run.code).toBe(1);
    },
    120_000,
  );
});
