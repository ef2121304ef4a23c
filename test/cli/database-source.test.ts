import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DemoApi, startDemoApi } from '../../examples/demo-api/server.mjs';
import { runCli } from './run-cli.js';

const SIZES = { customers: 1, products: 1, berths: 16, orders: 1, regions: 1, deliveries_per_region: 1 };
let folder: string;
let api: DemoApi;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-db-cli-'));
  api = await startDemoApi({ sizes: SIZES, faultsEvery: 0 });
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

it('a connection file takes the URL of a database, and no message shows its password', async () => {
  const connection = file(
    'connection.yaml',
    `source: postgres://reader:\${DB_PASSWORD}@127.0.0.1:1/shop\ndestination: duckdb:${folder}/out.duckdb\nretry: false\n`,
  );
  const run = await runCli(['sync', connection], { env: { DB_PASSWORD: 'top-secret-7' } });
  expect(run.stderr).toContain('Nothing answers at this host and port');
  expect(run.stderr + run.stdout).not.toContain('top-secret-7');
  expect(run.code).toBe(1);
});

it('says --to where the rows of a database are to go nowhere, without showing its password', async () => {
  for (const source of [
    'postgres://reader:top-secret-7@127.0.0.1:1/shop',
    file('db.yaml', 'type: DatabaseSource\ndialect: postgres\n'),
  ]) {
    const run = await runCli(['sync', source]);
    expect(run.stderr).toContain('--to');
    expect(run.stderr).not.toContain('top-secret-7');
    expect(run.code).toBe(2);
  }
});

it('validates the manifest of a database', async () => {
  const right = await runCli([
    'validate',
    file('right.yaml', 'type: DatabaseSource\ndialect: mysql\nstreams: [{ name: a, order: [id] }]\n'),
  ]);
  expect([right.stderr.endsWith('0 errors, 0 warnings\n'), right.code]).toEqual([true, 0]);
  const wrong = await runCli([
    'validate',
    file('wrong.yaml', 'type: DatabaseSource\ndialect: oracle\nstreams: [{ order: id }]\n'),
  ]);
  expect(wrong.stdout).toContain("wrong.yaml:2:10 'dialect' must be one of");
  expect(wrong.stdout).toContain("wrong.yaml:3:20 'streams[0].order' must be");
  expect(wrong.code).toBe(1);
});

it('says the line and column of what is wrong with the manifest of a database in every command', async () => {
  const field = file('field.yaml', 'type: DatabaseSource\ndialect: mysql\nconnection: { databse: x }\n');
  const broken = file('broken.yaml', 'type: DatabaseSource\ndialect: [mysql\n');
  const to = ['--to', `duckdb:${folder}/never.duckdb`];
  for (const command of [['check'], ['read'], ['discover'], ['sync', ...to], ['validate']]) {
    const [name, ...options] = command as [string, ...string[]];
    const one = await runCli([name, field, ...options]);
    expect(one.stdout + one.stderr).toMatch(/field\.yaml:3:15 unknown field 'databse'.*Did you mean 'database'\?/);
    const other = await runCli([name, broken, ...options]);
    expect(other.stdout + other.stderr).toMatch(/broken\.yaml:2:10 the \[ that is opened here is never closed/);
    expect(one.code === 0 || other.code === 0).toBe(name === 'check');
  }
});

it('syncs a manifest without a spec', async () => {
  const manifest = file(
    'bare.yaml',
    `version: 7.0.0
type: DeclarativeSource
check: { type: CheckStream, stream_names: [berths] }
streams:
  - type: DeclarativeStream
    name: berths
    retriever:
      type: SimpleRetriever
      requester:
        type: HttpRequester
        url: ${api.url}/v1/berths
        authenticator: { type: BearerAuthenticator, api_token: demo-token }
      record_selector: { type: RecordSelector, extractor: { type: DpathExtractor, field_path: [results] } }
    schema_loader: { type: InlineSchemaLoader, schema: { type: object, properties: { berth_id: { type: integer } } } }
`,
  );
  const run = await runCli(['sync', manifest, '--to', `duckdb:${folder}/bare.duckdb`]);
  expect(run.stderr).not.toContain('no spec');
  expect(run.code).toBe(0);
});
