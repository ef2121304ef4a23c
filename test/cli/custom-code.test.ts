import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli } from './run-cli.js';

let folder: string;
let proof: string;
const server = createServer((_request, response) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end('[{"id":1}]'),
);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-code-'));
  proof = join(folder, 'ran');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stream = {
    type: 'DeclarativeStream',
    name: 'a',
    retriever: {
      type: 'SimpleRetriever',
      requester: { type: 'HttpRequester', url },
      record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
    },
    transformations: [{ type: 'CustomTransformation', class_name: 'source_x.components.Stamp' }],
    schema_loader: { type: 'InlineSchemaLoader', schema: { type: 'object', properties: { id: { type: 'integer' } } } },
  };
  const manifest = {
    version: '7.0.0',
    type: 'DeclarativeSource',
    check: { type: 'CheckStream', stream_names: ['a'] },
    streams: [stream],
  };
  writeFileSync(join(folder, 'manifest.yaml'), JSON.stringify(manifest));
  writeFileSync(
    join(folder, 'components.ts'),
    `import { writeFileSync } from 'node:fs';
     writeFileSync(${JSON.stringify(proof)}, '');
     export class Stamp { transform(record: Record<string, unknown>): void { record.stamped = true; } }`,
  );
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const manifest = (): string => join(folder, 'manifest.yaml');

it.each(['spec', 'check', 'discover', 'read', 'validate'])(
  '%s --no-custom-code loads no components.ts',
  async (command) => {
    rmSync(proof, { force: true });
    const run = await runCli([command, manifest(), '--no-custom-code']);
    expect(existsSync(proof)).toBe(false);
    expect(run.stdout).not.toContain('stamped');
    if (command === 'read') {
      expect(run.code).toBe(1);
      expect(run.stdout + run.stderr).toContain('source_x.components.Stamp');
    }
  },
);

it('without the flag the code beside the manifest is loaded', async () => {
  rmSync(proof, { force: true });
  const run = await runCli(['read', manifest()]);
  expect(run.stderr).toBe('');
  expect(run.stdout).toContain('"stamped":true');
  expect(existsSync(proof)).toBe(true);
});

it('code beside the place where the command runs is not', async () => {
  rmSync(proof, { force: true });
  const elsewhere = mkdtempSync(join(tmpdir(), 'tidemark-elsewhere-'));
  const copy = join(elsewhere, 'copy.yaml');
  symlinkSync(manifest(), copy);
  const run = await runCli(['read', copy], { cwd: folder });
  rmSync(elsewhere, { recursive: true });
  expect(run.code).toBe(1);
  expect(run.stdout + run.stderr).toContain('components.ts beside the manifest');
  expect(existsSync(proof)).toBe(false);
});
