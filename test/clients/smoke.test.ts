import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Json, type JsonObject, parseJson, stringify } from '@tidemark/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { readStream } from '../../packages/sync/test/files-reader.ts';
import { readTable as readMysql } from '../../packages/sync/test/mysql-server.ts';
import { newDatabase, readTable as readPostgres } from '../../packages/sync/test/postgres-server.ts';
import { download } from '../../packages/sync/test/s3-reader.ts';
import { clientProgram } from '../../scripts/clients/clients.mjs';
import { describeWith, mysql, postgres, s3 } from '../../scripts/servers/vitest.mjs';
import { query } from '../cli/query.js';
import { runCli } from '../cli/run-cli.js';
import { root } from '../root.js';
import { QUIET, run, temporaryFolder, whyNoClients } from './client-runs.js';
import { sameValue } from './same-value.js';

type Row = Record<string, string | null>;
type Read = (stream: string) => Promise<Row[] | undefined>;

const why = whyNoClients();
if (why) console.log(`The smoke test is not run here. To run it: ${why}`);
const folder = temporaryFolder();
const program = clientProgram('source-smoke-test');
const sent = new Map<string, JsonObject[]>();
let places = 0;

/** The real source; its answers to spec and discover, which are always the same, are asked for once. */
const source = `${folder}/source-smoke-test`;
writeFileSync(
  source,
  `#!/bin/sh\nkept='${folder}'/"$1".kept\nif [ "$1" = read ]; then exec '${program}' "$@"; fi\n[ -s "$kept" ] || '${program}' "$@" > "$kept"\ncat "$kept"\n`,
);
chmodSync(source, 0o755);

/** What it sends, as it sends it. */
beforeAll(async () => {
  if (why) return;
  writeFileSync(`${folder}/config.json`, '{}');
  const discovered = await run(source, ['discover', '--config', `${folder}/config.json`], QUIET, 120);
  const streams = messagesOf(discovered).flatMap(
    ({ catalog }) => (catalog as JsonObject | undefined)?.streams ?? [],
  ) as JsonObject[];
  const modes = { sync_mode: 'full_refresh', destination_sync_mode: 'overwrite' };
  writeFileSync(`${folder}/catalog.json`, JSON.stringify({ streams: streams.map((stream) => ({ stream, ...modes })) }));
  for (const { name } of streams) sent.set(String(name), []);
  const options = ['--config', `${folder}/config.json`, '--catalog', `${folder}/catalog.json`];
  for (const { record } of messagesOf(await run(source, ['read', ...options], QUIET, 120))) {
    const { stream, data } = (record ?? {}) as { stream?: string; data?: JsonObject };
    if (stream !== undefined) sent.get(stream)!.push(data!);
  }
}, 300_000);

function messagesOf(text: string): JsonObject[] {
  return text.split('\n').flatMap((line) => (line.startsWith('{') ? [parseJson(line) as JsonObject] : []));
}

/** Syncs it with the command and compares every value. */
async function proved(destination: Json, read: Read): Promise<void> {
  const file = `${folder}/connection-${++places}.yaml`;
  const connection = { name: `smoke-${places}`, source: { command: [source] }, config: {}, destination };
  writeFileSync(file, JSON.stringify(connection));
  const { code, stderr } = await runCli(['sync', file], { env: QUIET });
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('59 rows into');
  expect(sent.size).toBe(21);
  let values = 0;
  const wrong: string[] = [];
  for (const [stream, records] of sent) {
    const rows = (await read(stream)) ?? [];
    if (rows.length !== records.length) wrong.push(`${stream}: ${records.length} sent, ${rows.length} there`);
    else values += compare(stream, records, rows, wrong);
  }
  expect(wrong).toEqual([]);
  expect(values).toBeGreaterThan(250);
}

/** Rows are in the order in which they came. */
function compare(stream: string, records: readonly JsonObject[], rows: readonly Row[], wrong: string[]): number {
  let values = 0;
  for (const [index, record] of records.entries()) {
    const row = rows[index]!;
    const { changes } = JSON.parse(row._airbyte_meta ?? '{}') as { changes?: unknown[] };
    if (changes?.length) wrong.push(`${stream}[${index}]: ${JSON.stringify(changes)}`);
    for (const [field, value] of Object.entries(record)) {
      const column = columnOf(field, Object.keys(row));
      values++;
      if (column === undefined) {
        if (value !== null) wrong.push(`${stream}.${field}: no column in ${Object.keys(row).join(', ')}`);
      } else if (!sameValue(value, row[column]))
        wrong.push(`${stream}[${index}].${field}: sent ${JSON.stringify(value, String)}, there is ${row[column]}`);
    }
  }
  return values;
}

/** Destinations make names safe: the column is the one whose letters are the same, as far as they go. */
function columnOf(field: string, columns: readonly string[]): string | undefined {
  if (columns.includes(field)) return field;
  const bare = (name: string) => name.toLowerCase().replace(/[^a-z0-9]+/g, '');
  const same = columns.filter((column) => bare(column) === bare(field));
  if (same.length > 0) return same[0];
  return columns.find((column) => bare(column).slice(0, 40) === bare(field).slice(0, 40));
}

describe.skipIf(why !== undefined)('the source airbyte-source-smoke-test loses nothing', () => {
  const duck =
    (file: string): Read =>
    async (stream) => {
      const found = await query(file, `SELECT CAST(COLUMNS(*) AS VARCHAR) FROM "${stream}" ORDER BY _airbyte_raw_id`);
      return found as Row[];
    };

  it('into DuckDB', async () => {
    const path = `${folder}/smoke.duckdb`;
    await proved(`duckdb:${path}`, duck(path));
  }, 180_000);

  it('into a program: our own destination, served as one of the protocol', async () => {
    const path = `${folder}/served.duckdb`;
    const command = [process.execPath, `${root}packages/cli/bin/tidemark.js`, 'destination', 'duckdb'];
    await proved({ command, config: { path } }, duck(path));
    const books = JSON.parse(readFileSync(`${folder}/smoke-${places}.state.json`, 'utf8'));
    const { outcome, streams } = books.connections[`smoke-${places}`];
    expect(outcome).toBe('complete');
    expect(streams).toHaveLength(21);
    expect(existsSync(`${folder}/smoke-${places}.state.json.lock`)).toBe(false);
  }, 180_000);

  it.each(['parquet', 'jsonl'])(
    'into files (%s)',
    async (format) => {
      const path = `${folder}/files-${format}`;
      await proved({ files: { path, format } }, (stream) => readStream(path, stream, `smoke-${places}`));
    },
    180_000,
  );

  it('into JSON lines of all streams', async () => {
    const path = `${folder}/smoke.jsonl`;
    const shown = (value: Json | undefined) => (typeof value === 'string' || value == null ? value : stringify(value));
    const texts = (object: JsonObject) => Object.entries(object).map(([name, value]) => [name, shown(value)]);
    await proved(`jsonl:${path}`, async (stream) => {
      const all = readFileSync(path, 'utf8').trim().split('\n');
      const rows = all.map((line) => parseJson(line) as JsonObject).filter((row) => row.stream === stream);
      return rows.map(({ _airbyte_data: data, ...own }) =>
        Object.fromEntries([...texts(own), ...texts(data as JsonObject)]),
      );
    });
  }, 180_000);

  describeWith(postgres, 'into a server', (server) => {
    it('into PostgreSQL', async () => {
      const url = await newDatabase(server(), 'smoke');
      await proved(url, (stream) => readPostgres(url, stream));
    }, 180_000);
  });

  describeWith(mysql, 'into a server', (server) => {
    it('into MySQL', async () => {
      const { host, port, user, password, database } = server();
      const settings = { host, port, user, password, database };
      await proved({ mysql: settings as JsonObject }, (stream) => readMysql(server(), database!, stream));
    }, 180_000);
  });

  describeWith(s3, 'into a server', (server) => {
    it('into S3', async () => {
      const { url, bucket, region, user, password } = server();
      const access = { endpoint: url, region, access_key_id: user, secret_access_key: password };
      const copy = `${folder}/bucket`;
      let isCopied = false;
      await proved({ s3: { bucket, prefix: 'smoke', ...access } as JsonObject }, async (stream) => {
        if (!isCopied) await download(server(), 'smoke', copy);
        isCopied = true;
        return readStream(copy, stream, `smoke-${places}`);
      });
    }, 180_000);
  });
});
