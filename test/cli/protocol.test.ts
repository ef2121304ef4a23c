import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject, Message } from '@tidemark/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoApi, startDemoApi } from '../../examples/demo-api/server.mjs';
import { root } from '../root.js';
import { runCli } from './run-cli.js';

const SIZES = { customers: 57, products: 18, berths: 16, orders: 23, regions: 3, deliveries_per_region: 7 };
const example = (folder: string): string => join(root, 'examples', folder, 'manifest.yaml');
let folder: string;
let api: DemoApi;
let config: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-protocol-'));
  api = await startDemoApi({ sizes: SIZES });
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

const statesOf = (messages: Message[], stream?: string) =>
  messages.flatMap((message) =>
    message.type === 'STATE' &&
    message.state.type === 'STREAM' &&
    (stream === undefined || message.state.stream.stream_descriptor.name === stream)
      ? [message.state]
      : [],
  );
const idsOf = (messages: Message[]) =>
  messages.flatMap((message) => (message.type === 'RECORD' ? [message.record.data.id] : []));

describe('spec, check and discover', () => {
  it('spec needs neither a configuration nor the network', async () => {
    const run = await runCli(['spec', example('pagination/cursor')]);
    const [message, ...rest] = run.messages();
    expect(rest).toEqual([]);
    expect(message).toMatchObject({
      type: 'SPEC',
      spec: { connectionSpecification: { required: ['base_url', 'token'] } },
    });
    expect(run.code).toBe(0);
  });

  it('check says FAILED with exit 0 when the API refuses the token', async () => {
    const wrong = file('wrong.json', JSON.stringify({ base_url: api.url, token: 'not-the-token' }));
    const run = await runCli(['check', example('pagination/cursor'), '--config', wrong]);
    const last = run.messages().at(-1);
    expect(last).toMatchObject({ type: 'CONNECTION_STATUS', connectionStatus: { status: 'FAILED' } });
    expect(run.stdout + run.stderr).not.toContain('not-the-token');
    expect(run.code).toBe(0);
  });

  it('discover says which streams can be gone on with', async () => {
    const run = await runCli(['discover', example('resume/full-refresh'), '--config', config]);
    const message = run.messages().find((each) => each.type === 'CATALOG');
    const facts = message?.catalog.streams.map((stream) => [
      stream.name,
      stream.is_resumable,
      stream.supported_sync_modes.includes('incremental'),
    ]);
    expect(facts).toEqual([
      ['customers', true, false],
      ['products', true, false],
      ['berths', true, false],
      ['orders', true, true],
      ['regions', false, false],
      ['deliveries', true, false],
    ]);
  });
});

describe('read', () => {
  it('prints records and states of every page, statuses around them, and counts that add up', async () => {
    const run = await runCli(['read', example('resume/full-refresh'), '--config', config]);
    const messages = run.messages();
    expect(run.code).toBe(0);
    const wanted = { customers: 57, products: 18, berths: 16, orders: 23, regions: 3, deliveries: 21 };
    for (const [stream, total] of Object.entries(wanted)) {
      const own = messages.filter((message) => message.type === 'RECORD' && message.record.stream === stream);
      expect(own.length, stream).toBe(total);
      const counted = statesOf(messages, stream).map((state) => state.sourceStats?.recordCount ?? 0);
      expect(
        counted.reduce((sum, count) => sum + count, 0),
        `${stream}: records that states count`,
      ).toBe(total);
      const statuses = messages.flatMap((message) =>
        message.type === 'TRACE' &&
        message.trace.type === 'STREAM_STATUS' &&
        message.trace.stream_status.stream_descriptor.name === stream
          ? [message.trace.stream_status.status]
          : [],
      );
      expect(statuses, stream).toEqual(['STARTED', 'RUNNING', 'COMPLETE']);
    }
    expect(statesOf(messages, 'customers').length).toBeGreaterThanOrEqual(Math.ceil(57 / 5));
    expect(statesOf(messages, 'customers').at(-1)?.stream.stream_state).toMatchObject({
      __ab_full_refresh_sync_complete: true,
    });
  });

  it('carries integers beyond 2^53 digit for digit', async () => {
    const run = await runCli(['read', example('partitions/substream'), '--config', config]);
    expect(run.stdout).toMatch(/"chart_number":9007199254740993\b/);
    expect(run.stdout).toMatch(/"chart_number":9007199254740995\b/);
  });

  it('goes on at the page of a state and asks for none before it', async () => {
    const first = (await runCli(['read', example('pagination/page'), '--config', config])).messages();
    const state = statesOf(first, 'berths')[1]!;
    expect(state.stream.stream_state).toMatchObject({ next_page_token: 3 });
    api.log.splice(0);
    const second = await runCli([
      'read',
      example('pagination/page'),
      '--config',
      config,
      '--state',
      file('page-3.json', JSON.stringify([state])),
    ]);
    expect(second.code).toBe(0);
    const pages = api.log.map((entry) => Number(new URL(entry.path, api.url).searchParams.get('page')));
    expect(Math.min(...pages)).toBe(3);
    const ids = second
      .messages()
      .flatMap((message) => (message.type === 'RECORD' ? [message.record.data.berth_id] : []));
    expect(ids).toEqual([11, 12, 13, 14, 15, 16]);
  });

  it('ends quietly when nobody reads its output any more', async () => {
    const run = await runCli(['read', example('pagination/cursor'), '--config', config], {
      onStart: (child) => child.stdout?.destroy(),
    });
    expect(run.stderr).not.toMatch(/EPIPE|Error/);
    expect(run.code).toBe(0);
  });

  it('says so and ends with 1 when its output cannot be written', async () => {
    const bin = join(root, 'packages/cli/bin/tidemark.js');
    const command = `"${process.execPath}" "${bin}" read "${example('pagination/cursor')}" --config "${config}" > /dev/full`;
    const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(stderr).toMatch(/cannot be written.*ENOSPC/s);
    expect(code).toBe(1);
  });
});

describe('read as a process that is stopped', () => {
  const args = ['read', example('pagination/cursor'), '--config'];

  it('SIGTERM: the page in hand, its state, INCOMPLETE, exit 1', async () => {
    let stop: (() => void) | undefined;
    const slow = await startDemoApi({
      sizes: { customers: 100_000 },
      faultsEvery: 0,
      onAnswer: (answer) => answer.records > 0 && slow.log.length === 5 && stop?.(),
    });
    try {
      const own = file('slow.json', JSON.stringify({ base_url: slow.url, token: 'demo-token', page_size: 10 }));
      const run = await runCli([...args, own], {
        onStart: (child) => {
          stop = () => child.kill('SIGTERM');
        },
      });
      const messages = run.messages();
      const ids = idsOf(messages);
      expect(ids.length).toBeGreaterThan(0);
      expect(ids.length).toBeLessThan(100_000);
      const last = messages.filter((message) => message.type === 'RECORD' || message.type === 'STATE').at(-1);
      expect(last?.type).toBe('STATE');
      const covered = afterOf(statesOf(messages).at(-1)!.stream.stream_state);
      expect(covered).toBe(ids.length);
      expect(run.stdout).toContain('"status":"INCOMPLETE"');
      expect(run.code).toBe(1);
    } finally {
      await slow.close();
    }
  });

  it.each([1, 4, 20, 43])('SIGKILL after %i lines: two runs together have every record', async (killAfter) => {
    let lines = 0;
    let child: { kill(signal: 'SIGKILL'): unknown } | undefined;
    const first = await runCli([...args, config], {
      onStart: (started) => {
        child = started;
      },
      onOutput: (text) => {
        lines += text.split('\n').length - 1;
        if (lines >= killAfter) child?.kill('SIGKILL');
      },
    });
    // A client that died with its source: it saw these lines and no more.
    const seen = first.stdout
      .split('\n')
      .slice(0, killAfter)
      .map((line) => JSON.parse(line) as Message);
    const states = statesOf(seen).slice(-1);
    const second = await runCli([...args, config, '--state', file(`after-${killAfter}.json`, JSON.stringify(states))]);
    expect(second.code).toBe(0);
    const late = idsOf(second.messages());
    expect(new Set([...idsOf(seen), ...late]).size).toBe(SIZES.customers);
    expect(new Set(late).size).toBe(late.length);
    const sinceState = seen.slice(seen.findLastIndex((message) => message.type === 'STATE') + 1);
    expect(late.filter((id) => idsOf(seen).includes(id))).toEqual(idsOf(sinceState));
  });
});

/** How many records lie before the position of a state. */
function afterOf(state: JsonObject): number {
  return Number(Buffer.from(String(state.next_page_token), 'base64url').toString().replace('at:', ''));
}
