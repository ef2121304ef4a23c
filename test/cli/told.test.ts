import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WebhookBody } from '@tidemark/sync';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DemoApi, startDemoApi } from '../../examples/demo-api/server.mjs';
import { HookServer } from '../../packages/sync/test/hook-server.js';
import { root } from '../root.js';
import { type CliOptions, runCli } from './run-cli.js';

const SIZES = { customers: 57, products: 18, berths: 16, orders: 23, regions: 3, deliveries_per_region: 7 };
const SECRET = 'a-hook-secret-of-ours';
let folder: string;
let api: DemoApi;
let hooks: HookServer;
let onAnswer: (() => void) | undefined;
let number = 0;
let connection: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-told-'));
  api = await startDemoApi({ sizes: SIZES, onAnswer: () => onAnswer?.() });
  hooks = await HookServer.start();
});
beforeEach(() => {
  onAnswer = undefined;
  hooks.reset();
  connection = join(folder, `c-${++number}.yaml`);
  writeFileSync(
    connection,
    `name: shop
source: ${root}examples/resume/full-refresh/manifest.yaml
config: { base_url: "${api.url}", token: "\${SHOP_TOKEN}", page_size: 5 }
destination: duckdb:c-${number}.duckdb
streams: [customers]
webhooks: [{ url: "${hooks.url}/hook", secret: "\${HOOK_SECRET}" }]
`,
  );
});
afterAll(async () => {
  await hooks.stop();
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (args: string[], { env = {}, ...options }: CliOptions = {}) =>
  runCli(['sync', connection, ...args], { env: { SHOP_TOKEN: 'demo-token', HOOK_SECRET: SECRET, ...env }, ...options });
const killedAfter = (answers: number): CliOptions => {
  let count = 0;
  return {
    onStart: (child) => {
      onAnswer = () => ++count === answers && child.kill('SIGKILL');
    },
  };
};

describe('webhooks of tidemark sync', () => {
  it('are told of the start, of going on after a kill, and of the success, signed', async () => {
    await run([], killedAfter(8));
    onAnswer = undefined;
    expect((await run([])).code).toBe(0);
    const bodies = hooks.bodies<WebhookBody>();
    expect(bodies.map(({ event, job, attempt }) => ({ event, job, attempt }))).toEqual([
      { event: 'start', job: 1, attempt: 1 },
      { event: 'resumed', job: 1, attempt: 2 },
      { event: 'success', job: 1, attempt: 2 },
    ]);
    const [, resumed, success] = bodies;
    expect(success).toMatchObject({
      connection: 'shop',
      outcome: 'complete',
      streams: [{ name: 'customers', status: 'complete' }],
    });
    const [stream] = success!.streams;
    expect(stream!.rows + stream!.rows_before).toBe(57);
    expect(resumed!.streams[0]!.resumed_from).toBe(stream!.resumed_from);
    for (const { headers, body } of hooks.received) {
      const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body.toString('utf8')}`;
      const signature = createHmac('sha256', SECRET).update(signed).digest('base64');
      expect(headers['webhook-signature']).toBe(`v1,${signature}`);
    }
  });

  it('are told why a sync could not begin, without secrets', async () => {
    const failed = await run(['--streams', 'customers'], { env: { SHOP_TOKEN: 'wrong-token-s3cret' } });
    expect(failed.code).not.toBe(0);
    const last = hooks.bodies<WebhookBody>().at(-1)!;
    expect(last).toMatchObject({ event: 'failure', outcome: 'failed' });
    expect(last.errors).not.toEqual([]);
    expect(hooks.received.map(({ body }) => body.toString('utf8')).join('')).not.toMatch(/s3cret/);
  });

  it('that never answer do not hold a sync', async () => {
    hooks.answers = [0];
    const done = await run([]);
    expect(done.code).toBe(0);
    expect(done.stderr).toMatch(/WARN Webhook 1 \(127\.0\.0\.1:\d+\): 2 messages were not delivered\./);
  });
});

describe('tidemark sync --log json', () => {
  it('prints JSON and nothing else, to the end', async () => {
    const done = await run(['--log', 'json']);
    const lines = done.stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.every(({ at, event }) => typeof event === 'string' && !Number.isNaN(Date.parse(at)))).toBe(true);
    const events = lines.map(({ event }) => event).filter((event) => event !== 'log');
    expect(events[0]).toBe('start');
    expect(events.slice(-3)).toEqual(['stream', 'attempt', 'end']);
    expect(lines.at(-1)).toMatchObject({
      outcome: 'complete',
      exit_code: 0,
      rows: 57,
      streams: [{ name: 'customers' }],
    });
    const refused = await run(['--log', 'json', '--streams', 'custmers']);
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.stderr.trimEnd().split('\n').at(-1)!)).toMatchObject({
      event: 'end',
      exit_code: 2,
      job: null,
    });
  });
});

interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: number | string; doubleValue?: number };
}
interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  attributes: Attribute[];
  status: { code?: number };
}
interface Metric {
  name: string;
  sum?: { dataPoints: { asInt?: number | string; asDouble?: number; attributes: Attribute[] }[] };
  histogram?: { dataPoints: { count: number | string }[] };
}
const attribute = (attributes: Attribute[], name: string): unknown => {
  const value = attributes.find(({ key }) => key === name)?.value;
  return (
    value?.stringValue ?? value?.doubleValue ?? (value?.intValue === undefined ? undefined : Number(value.intValue))
  );
};

describe('OpenTelemetry of tidemark sync', () => {
  const sent = (path: string) =>
    hooks.received.filter((one) => one.path === path).map(({ body }) => JSON.parse(body.toString('utf8')));
  const otel = (more: NodeJS.ProcessEnv = {}): CliOptions => ({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: hooks.url, ...more },
  });

  it('is sent when its variables are set: a trace of sync, attempt, stream and checkpoints, and metrics', async () => {
    const done = await run([], otel({ OTEL_SERVICE_NAME: 'shop-sync', OTEL_RESOURCE_ATTRIBUTES: 'team=data' }));
    expect(done.code).toBe(0);
    const traces = sent('/v1/traces').flatMap(({ resourceSpans }) => resourceSpans);
    const spans = traces.flatMap(({ scopeSpans }) => scopeSpans).flatMap(({ spans: list }) => list) as Span[];
    const named = (name: string) => spans.filter((span) => span.name === name);
    const [sync, attempt, stream] = ['sync', 'attempt', 'stream'].map((name) => named(`tidemark.${name}`)) as [
      Span[],
      Span[],
      Span[],
    ];
    expect([sync.length, attempt.length, stream.length]).toEqual([1, 1, 1]);
    expect(attempt[0]!.parentSpanId).toBe(sync[0]!.spanId);
    expect(stream[0]!.parentSpanId).toBe(attempt[0]!.spanId);
    const checkpoints = named('tidemark.checkpoint');
    expect(checkpoints.length).toBeGreaterThan(0);
    expect(checkpoints.every((one) => one.parentSpanId === stream[0]!.spanId)).toBe(true);
    expect(checkpoints.reduce((sum, one) => sum + Number(attribute(one.attributes, 'tidemark.rows')), 0)).toBe(57);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(attribute(sync[0]!.attributes, 'tidemark.outcome')).toBe('complete');
    expect(attribute(traces[0].resource.attributes, 'service.name')).toBe('shop-sync');
    expect(attribute(traces[0].resource.attributes, 'team')).toBe('data');

    const metrics = sent('/v1/metrics')
      .flatMap(({ resourceMetrics }) => resourceMetrics)
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap(({ metrics: list }) => list) as Metric[];
    const value = (name: string) => {
      const points = metrics.find((metric) => metric.name === name)?.sum?.dataPoints ?? [];
      return points.reduce((sum, point) => sum + Number(point.asInt ?? point.asDouble), 0);
    };
    expect({ rows: value('tidemark.rows'), records: value('tidemark.records') }).toEqual({ rows: 57, records: 57 });
    expect(value('tidemark.attempts')).toBe(1);
    expect(value('tidemark.checkpoints')).toBe(checkpoints.length);
    expect(value('tidemark.bytes')).toBeGreaterThan(0);
    const duration = metrics.find(({ name }) => name === 'tidemark.sync.duration');
    expect(Number(duration?.histogram?.dataPoints[0]?.count)).toBe(1);
  });

  it('marks what failed, and holds no secret', async () => {
    await run([], otel({ SHOP_TOKEN: 'wrong-token-s3cret', OTEL_METRICS_EXPORTER: 'none' }));
    expect(sent('/v1/metrics')).toEqual([]);
    const bodies = sent('/v1/traces');
    const spans = bodies
      .flatMap(({ resourceSpans }) => resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans)
      .flatMap(({ spans: list }) => list) as Span[];
    expect(spans.find(({ name }) => name === 'tidemark.sync')?.status.code).toBe(2);
    expect(JSON.stringify(bodies)).not.toContain('s3cret');
  });

  it('that cannot be sent is said once and ends nothing', async () => {
    const done = await run([], {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_TIMEOUT: '200' },
    });
    expect(done.code).toBe(0);
    expect(done.stderr.match(/WARN OpenTelemetry/g)).toHaveLength(1);
  });

  it('is off when it is switched off', async () => {
    await run([], otel({ OTEL_SDK_DISABLED: 'true' }));
    expect(hooks.received.filter(({ path }) => path.startsWith('/v1/'))).toEqual([]);
  });
});
