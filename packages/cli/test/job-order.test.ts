import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectionSchema, DEFAULT_CHECKPOINT } from '@tidemark/sync';
import { afterAll, expect, it } from 'vitest';
import { readJobOrder } from '../src/sync/job-order.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-order-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('commits at the pace that the schema and the documents say, unless the connection file sets another', async () => {
  const manifest = join(folder, 'manifest.yaml');
  const connection = join(folder, 'connection.yaml');
  writeFileSync(manifest, 'type: DeclarativeSource\n');
  expect((await readJobOrder(manifest, { to: 'duckdb:x.duckdb' })).checkpoint).toBeUndefined();
  for (const [more, pace] of [
    ['', undefined],
    ['checkpoint: { rows: 5 }', { rows: 5 }],
  ] as const) {
    writeFileSync(connection, `source: ${manifest}\ndestination: duckdb:x.duckdb\n${more}\n`);
    expect((await readJobOrder(connection, {})).checkpoint).toEqual(pace);
  }
  expect(DEFAULT_CHECKPOINT).toEqual({ rows: Number.POSITIVE_INFINITY, bytes: 64 << 20, seconds: 10 });
  const { bytes, seconds } = connectionSchema.properties.checkpoint.properties;
  expect([bytes.description, seconds.description]).toEqual(['Default: 67108864.', 'Default: 10.']);
});
