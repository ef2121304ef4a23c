import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { query } from './query.js';
import { runCli } from './run-cli.js';

interface Row {
  name: string;
  region: string;
  updated_at: string;
}

const REGIONS = ['north', 'south'];
const PAGE = 4;
const minute = (at: number): string => new Date(Date.UTC(2024, 0, 1, 0, at)).toISOString().replace('.000Z', 'Z');
/** Two rows of each region a minute, so that every value is that of several rows. */
const upTo = (last: number): Row[] =>
  Array.from({ length: last * 4 }, (_, i) => ({
    name: `row ${i}`,
    region: REGIONS[i % 2]!,
    updated_at: minute(Math.floor(i / 4) + 1),
  }));

let folder: string;
let server: Server;
let rows: Row[] = [];
let answers = 0;
let onAnswer: (() => void) | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-boundary-'));
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://api');
    const [since, until, offset] = ['since', 'until', 'offset'].map((name) => url.searchParams.get(name));
    const region = url.pathname.split('/')[2];
    // Inclusive: whoever asks from a moment on gets what lies at it.
    const found = rows
      .filter((row) => row.updated_at >= since! && row.updated_at <= until!)
      .filter((row) => region === undefined || row.region === region);
    answers++;
    onAnswer?.();
    const from = Number(offset ?? 0);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: found.slice(from, from + PAGE) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

function manifest(): string {
  const selector = { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['data'] } };
  const option = (field_name: string) => ({ type: 'RequestOption', inject_into: 'request_parameter', field_name });
  const stream = (name: string, path: string, more: object, cursor: object = {}) => ({
    type: 'DeclarativeStream',
    name,
    schema_loader: {
      type: 'InlineSchemaLoader',
      schema: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          region: { type: 'string' },
          updated_at: { type: 'string', format: 'date-time' },
        },
      },
    },
    retriever: {
      type: 'SimpleRetriever',
      requester: { type: 'HttpRequester', url_base: "{{ config['base_url'] }}", path },
      record_selector: selector,
      paginator: {
        type: 'DefaultPaginator',
        page_token_option: option('offset'),
        pagination_strategy: { type: 'OffsetIncrement', page_size: PAGE },
      },
      ...more,
    },
    incremental_sync: {
      type: 'DatetimeBasedCursor',
      cursor_field: 'updated_at',
      datetime_format: '%Y-%m-%dT%H:%M:%SZ',
      start_datetime: '2024-01-01T00:00:00Z',
      end_datetime: '2024-01-01T02:00:00Z',
      step: 'PT10M',
      cursor_granularity: 'PT1S',
      start_time_option: option('since'),
      end_time_option: option('until'),
      ...cursor,
    },
  });
  const inRegions = {
    partition_router: { type: 'ListPartitionRouter', values: REGIONS, cursor_field: 'in_region' },
  };
  const ofRegion = "/rows/{{ stream_partition['in_region'] }}";
  return JSON.stringify({
    version: '7.0.0',
    type: 'DeclarativeSource',
    check: { type: 'CheckStream', stream_names: ['plain'] },
    streams: [
      stream('plain', '/rows', {}),
      stream('parts', ofRegion, inRegions),
      stream('shared', ofRegion, inRegions, { global_substream_cursor: true }),
    ],
    spec: { type: 'Spec', connection_specification: { type: 'object' } },
  });
}

it('append mode has every row of an inclusive API once, over three jobs and over kills', async () => {
  const source = join(folder, 'manifest.yaml');
  writeFileSync(source, manifest());
  const database = join(folder, 'rows.duckdb');
  const connection = join(folder, 'connection.yaml');
  const { port } = server.address() as AddressInfo;
  writeFileSync(
    connection,
    JSON.stringify({
      source,
      config: { base_url: `http://127.0.0.1:${port}` },
      destination: `duckdb:${database}`,
      checkpoint: { rows: 3 },
      retry: false,
    }),
  );
  let kills = 0;
  let job = 0;
  for (const [last, killAfter] of [
    [14, [9, 13, undefined]],
    [14, [undefined]],
    [25, [2, 7, 11, undefined]],
  ] as const) {
    // A row that came late has the very value at which the last job ended.
    const late = { name: `late in job ${++job}`, region: 'north', updated_at: minute(14) };
    rows = [...upTo(last), ...rows.filter(({ name }) => name.startsWith('late')), late];
    for (const count of killAfter) {
      answers = 0;
      const run = await runCli(['sync', connection], {
        onStart: (child) => {
          onAnswer = () => count !== undefined && answers >= count && child.kill('SIGKILL');
        },
      });
      if (run.signal === 'SIGKILL') kills++;
      else expect({ code: run.code, said: run.code === 0 ? '' : run.stderr }).toEqual({ code: 0, said: '' });
    }
    for (const table of ['plain', 'parts']) {
      const found = await query(database, `select name from "${table}" order by name`);
      expect({ table, names: found.map(({ name }) => name) }).toEqual({
        table,
        names: rows.map(({ name }) => name).sort(),
      });
    }
  }
  expect(kills).toBe(5);
  // One value for all partitions has a look-back of as long as a sync takes: rows inside of it come again, none is lost.
  const shared = await query(database, 'select distinct name from shared order by name');
  expect(shared.map(({ name }) => name)).toEqual(rows.map(({ name }) => name).sort());
}, 240_000);
