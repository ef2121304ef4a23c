import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientProgram } from '../../scripts/clients/clients.mjs';
import { query } from '../cli/query.js';
import { root } from '../root.js';
import { executableOf, QUIET, run, temporaryFolder, whyNoClients } from './client-runs.js';

const why = whyNoClients();
if (why) console.log(`PyAirbyte is not run here. To run it: ${why}`);

/** The API: 45 people that change, events by time, nothing. */
const people = Array.from({ length: 45 }, (_, id) => ({
  id,
  name: id % 7 ? `person ${id}` : null,
  balance: id + 0.25,
}));
const events = Array.from({ length: 50 }, (_, id) => ({
  id,
  at: new Date(Date.UTC(2024, 0, 1, id)).toISOString().replace('.000', ''),
}));
const asked: string[] = [];
let server: Server;
beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    asked.push(`${url.pathname}${url.search}`);
    const since = url.searchParams.get('since') ?? '';
    const all =
      url.pathname === '/people' ? people : url.pathname === '/events' ? events.filter(({ at }) => at >= since) : [];
    const page = Number(url.searchParams.get('page') ?? 0);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ items: all.slice(page * 20, (page + 1) * 20) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => server.close());

describe.skipIf(why !== undefined)('PyAirbyte runs tidemark as a local executable source', () => {
  const folder = temporaryFolder();
  const database = join(folder, 'cache.duckdb');
  const executable = executableOf(`${root}test/clients/manifest.yaml`, folder);
  const read = async (): Promise<{ processed: number; counts: Record<string, number> }> => {
    const { port } = server.address() as AddressInfo;
    const config = JSON.stringify({ port, secret: 'hush-hush' });
    const script = `${root}test/clients/pyairbyte_read.py`;
    const python = clientProgram('python');
    // What it keeps of runs (logs, install roots) stays in the folder.
    const env = {
      ...QUIET,
      AIRBYTE_PROJECT_DIR: folder,
      AIRBYTE_TEMP_DIR: folder,
      AIRBYTE_LOGGING_ROOT: join(folder, 'logs'),
    };
    const out = await run(python, [script, executable, config, database, 'merge'], env, 240);
    return JSON.parse(/^RESULT (.*)$/m.exec(out)![1]!);
  };
  const count = async (sql: string) => Number(Object.values((await query(database, sql))[0]!)[0]);

  it('first all, then what is new, and whole streams once more', async () => {
    expect(await read()).toEqual({ processed: 95, counts: { people: 45, events: 50, nothing: 0 } });
    expect(await count('SELECT count(*) FROM main.people')).toBe(45);
    expect(await count('SELECT count(*) FROM main.events')).toBe(50);
    expect(await count('SELECT sum(balance) FROM main.people')).toBe(1_001.25);
    expect(await count('SELECT count(*) FROM main.people WHERE name IS NULL')).toBe(7);

    people[3] = { id: 3, name: 'someone else', balance: 1_000 };
    people.push({ id: 45, name: 'new', balance: 1 });
    events.push({ id: 50, at: '2024-01-04T00:00:00Z' });
    asked.length = 0;
    const second = await read();
    // The state that it keeps says that people is complete; it has no generations, and means: once more.
    expect(second.counts).toEqual({ people: 46, events: 51, nothing: 0 });
    expect(asked.filter((path) => path.startsWith('/people')).length).toBeGreaterThanOrEqual(3);
    const since = asked.filter((path) => path.startsWith('/events')).map((path) => /since=([^&]*)/.exec(path)?.[1]);
    expect(since.every((at) => decodeURIComponent(at!) >= '2024-01-03')).toBe(true);
    expect(await count(`SELECT count(*) FROM main.people WHERE name = 'someone else' AND balance = 1000`)).toBe(1);
    expect(await count('SELECT count(DISTINCT id) FROM main.events')).toBe(51);

    const reads = readFileSync(`${executable}.calls`, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('read '));
    expect(reads).toHaveLength(2);
    for (const line of reads) expect(line).toMatch(/--config .* --catalog .* --state /);
  }, 600_000);
});
