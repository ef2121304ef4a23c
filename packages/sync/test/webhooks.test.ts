import { createHmac } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { ConnectorError } from '@tidemark/source';
import {
  type StreamProgress,
  type SyncEvent,
  type SyncResult,
  type WebhookBody,
  type WebhookOptions,
  type WebhookSettings,
  webhooks,
} from '@tidemark/sync';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from './duckdb-file.ts';
import { HookServer } from './hook-server.ts';

const folder = temporaryFolder();
let server: HookServer;
const logs: string[] = [];
beforeAll(async () => {
  server = await HookServer.start();
});
beforeEach(() => {
  server.reset();
  logs.splice(0);
});
afterAll(() => server.stop());

const options: WebhookOptions = {
  connection: 'shop',
  destination: 'duckdb:shop.duckdb',
  log: (level, message) => logs.push(`${level} ${message}`),
  redact: (text) => text.replaceAll('s3cret', '****'),
  clock: () => 1_700_000_000_000,
  pauseMs: 1,
  flushSeconds: 20,
};
const open = (more: Partial<WebhookSettings> = {}, how: Partial<WebhookOptions> = {}) =>
  webhooks([{ url: `${server.url}/hook`, ...more }], { ...options, ...how });

const orders: StreamProgress = {
  stream: { name: 'orders' },
  status: 'reading',
  records: 0,
  pages: 0,
  bytes: 0,
  committed: 0,
  checkpoints: 0,
  rowsBefore: 0,
  resumed: false,
  rate: 0,
  elapsedSeconds: 0,
};
const start = (attempt = 1, more: Partial<StreamProgress> = {}): SyncEvent => ({
  type: 'start',
  attempt,
  jobId: 7,
  nonce: 'n-7',
  streams: [{ ...orders, ...more }],
});
const attempt = {
  ...{
    attempt: 1,
    outcome: 'complete' as const,
    rows: 12,
    progressed: true,
    errors: [],
    startedAt: 0,
    elapsedSeconds: 3,
  },
  unparsable: { lines: 2, file: 'x.txt' },
};
const result = (more: Partial<SyncResult> = {}): SyncResult => ({
  outcome: 'complete',
  jobId: 7,
  attempt: 1,
  rows: 12,
  elapsedSeconds: 3.5,
  errors: [],
  left: [],
  attempts: [attempt],
  streams: [{ ...orders, status: 'complete', committed: 12, records: 12, earlier: false, changed: 1 }],
  ...more,
});

describe('webhooks', () => {
  it('are told of start and success in one shape, to the key', async () => {
    const hooks = open();
    hooks.event(start());
    hooks.event({ type: 'progress', stream: orders });
    hooks.event({ type: 'attempt', result: result() });
    hooks.over({ result: result() });
    await hooks.close();
    const [first, second] = server.bodies<WebhookBody>();
    expect(second).toEqual({
      version: 1,
      id: expect.stringMatching(/^msg_[0-9a-f]{32}$/),
      event: 'success',
      at: '2023-11-14T22:13:20.000Z',
      text: 'shop: all streams are done, 12 rows (job 7, attempt 1).',
      connection: 'shop',
      destination: 'duckdb:shop.duckdb',
      job: 7,
      attempt: 1,
      outcome: 'complete',
      rows: 12,
      seconds: 3.5,
      streams: [
        {
          name: 'orders',
          namespace: null,
          status: 'complete',
          rows: 12,
          rows_before: 0,
          records: 12,
          bytes: 0,
          estimated_rows: null,
          share: null,
          checkpoints: 0,
          values_changed: 1,
          done_before: false,
          resumed_from: null,
          seconds: 0,
          error: null,
        },
      ],
      unparsable: { lines: 2, file: 'x.txt' },
      errors: [],
      schema_changes: [],
    });
    expect(first).toMatchObject({ event: 'start', outcome: null, seconds: null, unparsable: null });
    expect(Object.keys(first!)).toEqual(Object.keys(second!));
    expect(Object.keys(first!.streams[0]!)).toEqual(Object.keys(second!.streams[0]!));
    expect(first!.id).not.toBe(second!.id);
  });

  it('are told of resumed, failure, stopped and schema changes, without secrets', async () => {
    const hooks = open();
    const error = new ConnectorError('transient', 'refused: s3cret', { stream: 'orders' });
    hooks.event(start());
    hooks.event({ type: 'attempt', result: result({ outcome: 'failed', errors: [error] }) });
    hooks.event(start(2, { resumed: true, rowsBefore: 5, resumedFrom: 'page s3cret' }));
    const column = { stream: { name: 'orders' }, change: 'column_added', column: 'tax', to: 'DOUBLE' } as const;
    hooks.event({ type: 'schema', changes: [column, { stream: { name: 'old' }, change: 'stream_gone' }] });
    hooks.over({ result: result({ attempt: 2, outcome: 'partial', errors: [error], rows: 1 }) });
    await hooks.close();
    const stopped = open();
    stopped.event(start());
    stopped.over({ result: result({ outcome: 'stopped' }) });
    await stopped.close();
    expect(server.bodies<WebhookBody>().map(({ event, text }) => `${event}: ${text}`)).toEqual([
      'start: shop: the sync has begun (job 7, attempt 1).',
      'resumed: shop: the sync goes on with orders from page **** (job 7, attempt 2).',
      'schema_change: shop: the schema has changed: orders.tax (column added) and 1 more (job 7, attempt 2).',
      'failure: shop: some streams are missing, 1 row committed (job 7, attempt 2): stream orders: refused: ****',
      'start: shop: the sync has begun (job 7, attempt 1).',
      'stopped: shop: the sync was stopped with 12 rows committed (job 7, attempt 1).',
    ]);
    const [, resumed, schema] = server.bodies<WebhookBody>();
    expect(resumed).toMatchObject({
      errors: [{ kind: 'transient', message: 'refused: ****', stream: 'orders' }],
      streams: [{ resumed_from: 'page ****', rows_before: 5 }],
    });
    expect(schema!.schema_changes).toEqual([
      { stream: 'orders', namespace: null, change: 'column_added', column: 'tax', from: null, to: 'DOUBLE' },
      { stream: 'old', namespace: null, change: 'stream_gone', column: null, from: null, to: null },
    ]);
    expect(server.received.map(({ body }) => body.toString()).join('')).not.toContain('s3cret');
  });

  it('are told of a sync that could not begin, and only of what they asked for', async () => {
    const hooks = open({ events: ['failure'] });
    hooks.over({ error: new ConnectorError('config', 'no such stream') });
    await hooks.close();
    const quiet = open({ events: ['failure'] });
    quiet.event(start());
    quiet.over({ result: result() });
    await quiet.close();
    expect(server.bodies()).toEqual([
      expect.objectContaining({ event: 'failure', job: null, attempt: null, outcome: 'failed', streams: [] }),
    ]);
  });

  it('the same thing has the same id, also when another process tells it', async () => {
    for (const attempt of [1, 1, 2]) {
      const hooks = open();
      hooks.event(start(attempt));
      await hooks.close();
    }
    const [one, again, other] = server.bodies<WebhookBody>().map(({ id }) => id);
    expect(again).toBe(one);
    expect(other).not.toBe(one);
    expect(server.received.map(({ headers }) => headers['webhook-id'])).toEqual([one, again, other]);
  });

  it('are signed, by every secret, over id, time and body', async () => {
    const key = Buffer.from('a key of two dozen bytes').toString('base64');
    const hooks = open({ secret: ['plain-secret-of-ours', `whsec_${key}`], headers: { Authorization: 'Bearer x' } });
    hooks.event(start());
    await hooks.close();
    const [{ headers, body }] = server.received as [(typeof server.received)[0]];
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body.toString('utf8')}`;
    const signatures = ['plain-secret-of-ours', Buffer.from(key, 'base64')].map(
      (secret) => `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`,
    );
    expect(headers['webhook-signature']).toBe(signatures.join(' '));
    expect(headers).toMatchObject({ 'webhook-timestamp': '1700000000', authorization: 'Bearer x' });
    expect(headers['content-type']).toBe('application/json');
  });

  it('are tried again with the same id and in order, until they take it', async () => {
    server.answers = [500, 429, 200];
    const hooks = open();
    hooks.event(start());
    hooks.over({ result: result() });
    await hooks.close();
    const events = server.bodies<WebhookBody>();
    expect(events.map(({ event }) => event)).toEqual(['start', 'start', 'start', 'success']);
    expect(new Set(events.slice(0, 3).map(({ id }) => id)).size).toBe(1);
    expect(logs.filter((line) => line.startsWith('WARN'))).toEqual([]);
  });

  it.each([
    [404, 1, 'HTTP 404'],
    [302, 1, 'HTTP 302'],
    [503, 6, 'HTTP 503 (6 tries)'],
  ])('that answer %d are tried %d times, and that is said without their path', async (status, tries, why) => {
    server.answers = [status];
    server.headers = { location: '/elsewhere' };
    const hooks = open();
    hooks.event(start());
    await hooks.close();
    expect(server.received).toHaveLength(tries);
    const host = server.url.slice('http://'.length);
    expect(logs.filter((line) => line.startsWith('WARN'))).toEqual([
      `WARN Webhook 1 (${host}) did not take 'start': ${why}.`,
    ]);
  });

  it('that say 410 are told no more', async () => {
    server.answers = [410];
    const hooks = open();
    hooks.event(start());
    hooks.over({ result: result() });
    await hooks.close();
    expect(server.received).toHaveLength(1);
    expect(logs).toEqual([expect.stringContaining('HTTP 410, it is told no more')]);
  });

  it('that never answer hold nothing: the end waits as long as it may and says what was not delivered', async () => {
    server.answers = [0];
    const came = new Promise<void>((resolve) => {
      server.onRequest = resolve;
    });
    const hooks = open({}, { flushSeconds: 0.1 });
    hooks.event(start());
    await came;
    for (let i = 0; i < 300; i++)
      hooks.event({ type: 'schema', changes: [{ stream: orders.stream, change: 'stream_added' }] });
    hooks.over({ result: result() });
    await hooks.close();
    expect(logs).toEqual([
      expect.stringMatching(/^WARN Webhook 1 \(127\.0\.0\.1:\d+\): 302 messages were not delivered\.$/),
    ]);
  });

  it('that are not there hold nothing', async () => {
    const gone = await HookServer.start();
    const { url } = gone;
    await gone.stop();
    const hooks = webhooks([{ url }, { url: server.url }], options);
    hooks.over({ result: result() });
    await hooks.close();
    expect(server.received).toHaveLength(1);
    expect(logs.filter((line) => line.startsWith('WARN'))).toEqual([
      expect.stringMatching(
        /^WARN Webhook 1 .* did not take 'success': it cannot be reached \(ECONNREFUSED\) \(6 tries\)\.$/,
      ),
    ]);
  });

  it('that are away keep their messages for the next sync: same id, same body, first', async () => {
    const keepIn = `${folder}/shop.webhooks.json`;
    server.answers = [503];
    const secret = 'a secret of our own';
    const settings = { url: `${server.url}/hook?token=hidden`, secret };
    const hooks = open(settings, { keepIn });
    hooks.over({ result: result() });
    await hooks.close();
    const [lost] = server.bodies<WebhookBody>();
    expect(logs.at(-1)).toMatch(/did not take 'success': HTTP 503 \(6 tries\); it goes first with the next sync\./);
    expect(statSync(keepIn).mode & 0o777).toBe(0o600);
    expect(readFileSync(keepIn, 'utf8')).not.toMatch(/hidden|a secret of our own|http/);
    // Another webhook has no part in it.
    const stranger = webhooks([{ url: `${server.url}/other` }], { ...options, keepIn });
    server.reset();
    await stranger.close();
    expect(server.received).toEqual([]);
    const next = open(settings, { keepIn });
    next.event(start());
    await next.close();
    const bodies = server.bodies<WebhookBody>();
    expect(bodies).toEqual([lost, expect.objectContaining({ event: 'start' })]);
    expect(server.received[0]!.headers['webhook-id']).toBe(lost!.id);
    expect(server.received[0]!.headers['webhook-signature']).toBeDefined();
    expect(existsSync(keepIn)).toBe(false);
  });

  it('that never answer have their newest hundred kept, and what another sync has kept meanwhile stays', async () => {
    const keepIn = `${folder}/slow.webhooks.json`;
    server.answers = [0];
    const hooks = open({}, { flushSeconds: 0.05, keepIn });
    const beside = open({}, { flushSeconds: 0.05, keepIn });
    beside.over({ error: new ConnectorError('transient', 'held by another sync') });
    await beside.close();
    for (let i = 0; i < 150; i++)
      hooks.event({ type: 'schema', changes: [{ stream: orders.stream, change: 'stream_added' }] });
    await hooks.close();
    const kept = () => (JSON.parse(readFileSync(keepIn, 'utf8')) as { messages: { event: string }[] }).messages;
    expect(kept()).toHaveLength(100);
    server.answers = [404];
    const refused = open({}, { keepIn });
    await refused.close();
    expect(existsSync(keepIn)).toBe(false);
  });

  it('whose kept messages cannot be read or written hold nothing', async () => {
    const keepIn = `${folder}/broken.webhooks.json`;
    writeFileSync(keepIn, '{"messages":');
    const hooks = open({}, { keepIn });
    hooks.event(start());
    await hooks.close();
    expect(server.received).toHaveLength(1);
    expect(logs[0]).toContain('holds no messages that can be read');
    server.answers = [503];
    const nowhere = open({}, { keepIn: `${folder}/none/such.json` });
    nowhere.event(start());
    await nowhere.close();
    expect(logs.at(-1)).toMatch(/cannot be kept/);
  });

  it('that are slow are given up after their time', async () => {
    server.answers = [0];
    const hooks = open({ timeout_seconds: 0.02 });
    hooks.event(start());
    await hooks.close();
    expect(logs.at(-1)).toMatch(/did not take 'start': no answer in 0\.02 s \(6 tries\)/);
  });

  it('are as docs/webhooks.md says: its body has our keys, and its code verifies what we send', async () => {
    const page = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8');
    const block = (language: string) => new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(page)![1]!;
    const secret = `whsec_${Buffer.from('a key of two dozen bytes').toString('base64')}`;
    const hooks = open({ secret: ['another secret of ours', secret] }, { clock: Date.now });
    hooks.event(start());
    await hooks.close();
    const [{ headers, body }] = server.received as [(typeof server.received)[0]];
    const code = `data:text/javascript,${encodeURIComponent(block('js'))}`;
    const { verify } = (await import(/* @vite-ignore */ code)) as {
      verify: (headers: object, body: Buffer, secret: string) => void;
    };
    expect(() => verify(headers, body, secret)).not.toThrow();
    expect(() => verify(headers, body, 'another secret of ours')).not.toThrow();
    expect(() => verify(headers, body, 'a secret that is not ours')).toThrow('not signed');
    expect(() => verify(headers, Buffer.concat([body, Buffer.from(' ')]), secret)).toThrow('not signed');
    expect(() => verify({ ...headers, 'webhook-timestamp': '1700000000' }, body, secret)).toThrow('too old');
    const shown = JSON.parse(block('json'));
    const [sent] = server.bodies<WebhookBody>();
    expect(Object.keys(shown)).toEqual(Object.keys(sent!));
    expect(Object.keys(shown.streams[0])).toEqual(Object.keys(sent!.streams[0]!));
  });
});
