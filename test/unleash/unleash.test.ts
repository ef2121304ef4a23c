import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUnleash, type Unleash, whyNotUnleash } from '../../scripts/unleash/unleash.mjs';
import { query } from '../cli/query.js';
import { runCli } from '../cli/run-cli.js';
import { root } from '../root.js';
import { startCountingProxy } from './counting-proxy.js';

const FLAGS = Array.from({ length: 1500 }, (_, i) => `flag-${String(i).padStart(4, '0')}`);
const PUBLISHED = join(root, '../shared/conformance/manifests/source-unleash.yaml');
const why = process.env.TIDEMARK_UNLEASH === 'later' ? 'it is run by itself later' : whyNotUnleash();
if (why !== undefined && process.env.TIDEMARK_UNLEASH === 'required') throw new Error(`Unleash must run here: ${why}`);
if (why !== undefined) console.warn(`skipped: the test against a real Unleash, because ${why}`);

describe.skipIf(why !== undefined)('a real Unleash server', () => {
  let unleash: Unleash;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tidemark-unleash-'));
    unleash = await startUnleash();
    await unleash.addFlags(FLAGS);
  }, 400_000);
  afterAll(async () => {
    await unleash?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it.skipIf(!existsSync(PUBLISHED))(
    'its published manifest lands the flags in DuckDB',
    async () => {
      const manifest = join(folder, 'source-unleash.yaml');
      const file = join(folder, 'published.duckdb');
      const config = join(folder, 'published.json');
      writeFileSync(manifest, readFileSync(PUBLISHED, 'utf8').replaceAll('https://', 'http://'));
      writeFileSync(
        config,
        JSON.stringify({ api_url: unleash.url.replace('http://', ''), api_token: unleash.tokens.client }),
      );
      const run = await runCli(['sync', manifest, '--config', config, '--to', `duckdb:${file}`]);
      expect(run.stderr).not.toContain(unleash.tokens.client);
      expect({ code: run.code, stderr: run.code === 0 ? '' : run.stderr }).toEqual({ code: 0, stderr: '' });
      const rows = await query(file, 'select name from features order by name');
      expect(rows.map((row) => row.name)).toEqual(FLAGS);
    },
    120_000,
  );

  it('killed half-way and started again, our manifest ends with what the server holds', async () => {
    let kill: (() => void) | undefined;
    const proxy = await startCountingProxy(unleash.url, (count) => count >= 15 && kill?.());
    try {
      const file = join(folder, 'flags.duckdb');
      const connection = join(folder, 'connection.yaml');
      writeFileSync(
        connection,
        `name: unleash
source: ${join(root, 'examples/unleash/manifest.yaml')}
config:
  base_url: ${proxy.url}
  admin_token: \${UNLEASH_TOKEN}
destination: duckdb:${file}
checkpoint: { rows: 1 }
`,
      );
      const env = { UNLEASH_TOKEN: unleash.tokens.admin };
      const first = await runCli(['sync', connection], {
        env,
        onStart: (child) => {
          kill = () => child.kill('SIGKILL');
        },
      });
      expect(first.signal).toBe('SIGKILL');
      kill = undefined;
      const before = new Set(proxy.answered.splice(0));
      const second = await runCli(['sync', connection], { env });
      expect(second.stderr).not.toContain(unleash.tokens.admin);
      expect({ code: second.code, stderr: second.code === 0 ? '' : second.stderr }).toEqual({ code: 0, stderr: '' });
      // What had been answered but not yet committed is asked for again: at most the pages in flight and the one being written.
      const repeated = proxy.answered.filter((path) => before.has(path));
      expect(before.size - repeated.length).toBeGreaterThan(0);

      const flags = await query(file, 'select name from flags order by name');
      expect(flags.map((row) => row.name)).toEqual(FLAGS);
      const held = await eventsOf(unleash);
      const events = await query(
        file,
        'select cast(id as integer) as id, type, "featureName" as name from events order by id',
      );
      expect(events).toEqual(held);
    } finally {
      await proxy.close();
    }
  }, 120_000);
});

async function eventsOf(unleash: Unleash): Promise<{ id: number; type: string; name: string | null }[]> {
  const all: { id: number; type: string; name: string | null }[] = [];
  for (let offset = 0; ; offset += 1000) {
    const { events } = (await unleash.get(`/api/admin/search/events?limit=1000&offset=${offset}`)) as {
      events: { id: number; type: string; featureName: string | null }[];
    };
    all.push(...events.map(({ id, type, featureName }) => ({ id, type, name: featureName })));
    if (events.length < 1000) return all.sort((a, b) => a.id - b.id);
  }
}
