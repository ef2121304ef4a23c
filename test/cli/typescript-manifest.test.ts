import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineManifest } from '@tidemark/declarative/manifest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DemoApi, startDemoApi } from '../../examples/demo-api/server.mjs';
import { root } from '../root.js';
import { runCli } from './run-cli.js';

const SIZES = { customers: 1, products: 18, berths: 1, orders: 1, regions: 1, deliveries_per_region: 1 };
const manifest = join(root, 'examples/typescript/manifest.ts');
let folder: string;
let api: DemoApi;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-ts-'));
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

it('runs a manifest in TypeScript', async () => {
  const config = file('config.json', JSON.stringify({ base_url: api.url, token: 'demo-token', page_size: 5 }));
  const run = await runCli(['read', manifest, '--config', config]);
  expect(run.stderr).toBe('');
  expect(run.messages().filter(({ type }) => type === 'RECORD')).toHaveLength(18);
  expect(run.code).toBe(0);
});

it('validates one, and says by its path where it is wrong', async () => {
  expect((await runCli(['validate', manifest])).code).toBe(0);
  const wrong = file(
    'wrong.ts',
    `import { defineManifest } from '@tidemark/declarative/manifest';
     export default defineManifest({ type: 'DeclarativeSource', version: '7.0.0', check: { type: 'CheckStream', stream_names: 5 } } as never);`,
  );
  const run = await runCli(['validate', wrong]);
  expect(run.stdout).toContain("check.stream_names: 'stream_names' must be a list, and this is the number 5");
  expect(run.code).toBe(1);
});

it.each([
  ['no default', 'export const manifest = {};', 'exports no manifest as its default'],
  ['a function in it', 'export default { streams: [() => 1] };', 'streams.0 is a function'],
  ['itself in it', 'const a: any = {}; a.b = { a }; export default a;', 'b.a holds itself'],
  ['an error when it runs', 'throw new Error("no luck"); export default {};', 'no luck'],
])('refuses a module with %s', async (_name, text, said) => {
  const run = await runCli(['validate', file('broken.ts', text)]);
  expect(run.stderr).toContain(said);
  expect(run.code).toBe(1);
});

it('runs no code with --no-custom-code', async () => {
  const proof = join(folder, 'ran');
  const module = file(
    'runs.mjs',
    `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(proof)}, ''); export default {};`,
  );
  const run = await runCli(['spec', module, '--no-custom-code']);
  expect(run.stdout + run.stderr).toContain('--no-custom-code');
  expect(run.code).toBe(1);
  expect(existsSync(proof)).toBe(false);
});

it('the types refuse what the language does not have', () => {
  const manifest = defineManifest({
    type: 'DeclarativeSource',
    version: '7.0.0',
    check: { type: 'CheckStream', stream_names: ['a'] },
    streams: [
      {
        type: 'DeclarativeStream',
        retriever: {
          type: 'SimpleRetriever',
          requester: { type: 'HttpRequester', url: 'https://api.example.com' },
          record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['items'] } },
          // @ts-expect-error: a misspelt type
          paginator: { type: 'DefaultPaginater', pagination_strategy: { type: 'PageIncrement' } },
        },
      },
    ],
  });
  // @ts-expect-error: a field that no stream has
  const strange = defineManifest({ ...manifest, streems: [] });
  expect(strange).toHaveProperty('streems');
});
