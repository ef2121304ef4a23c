import { writeFileSync } from 'node:fs';
import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { newDatabase, readTable } from '../../packages/sync/test/postgres-server.ts';
import { describeWith, postgres } from '../../scripts/servers/vitest.mjs';
import { query } from '../cli/query.js';
import { runCli } from '../cli/run-cli.js';
import { temporaryFolder } from './client-runs.js';

const folder = temporaryFolder();
const written = (name: string, value: unknown) => {
  writeFileSync(`${folder}/${name}`, JSON.stringify(value));
  return `${folder}/${name}`;
};
const json_schema = { type: 'object', properties: { id: { type: 'integer' } } };
const catalog = (generation: number) =>
  written('catalog.json', {
    streams: [
      {
        stream: { name: 'things', json_schema, namespace: null },
        sync_mode: 'full_refresh',
        destination_sync_mode: 'overwrite',
        generation_id: generation,
        minimum_generation_id: generation,
        sync_id: generation,
      },
    ],
  });
const record = (id: number) => ({
  type: 'RECORD',
  record: { stream: 'things', data: { id }, emitted_at: 1_700_000_000_000 },
});
const state = (page: number) => ({
  type: 'STATE',
  state: { type: 'STREAM', stream: { stream_descriptor: { name: 'things' }, stream_state: { page } }, id: page },
});
const complete = {
  type: 'TRACE',
  trace: {
    type: 'STREAM_STATUS',
    emitted_at: 1,
    stream_status: { stream_descriptor: { name: 'things' }, status: 'COMPLETE' },
  },
};
const lines = (...messages: unknown[]) => messages.map((message) => `${JSON.stringify(message)}\n`).join('');
const states = (messages: readonly object[]) =>
  messages.flatMap((one) => ('state' in one ? [one.state as JsonObject] : []));

describe('tidemark destination', () => {
  it('says what it needs, and whether it can be reached', async () => {
    const [spec] = (await runCli(['destination', 'postgres', 'spec'])).messages();
    expect(spec).toMatchObject({
      type: 'SPEC',
      spec: {
        connectionSpecification: {
          required: ['host', 'database', 'user'],
          properties: { password: { airbyte_secret: true } },
        },
        supported_destination_sync_modes: ['overwrite', 'append', 'append_dedup'],
      },
    });
    const good = await runCli([
      'destination',
      'duckdb',
      'check',
      '--config',
      written('good.json', { path: `${folder}/x.duckdb` }),
    ]);
    expect(good).toMatchObject({ code: 0 });
    expect(good.messages().at(-1)).toMatchObject({ connectionStatus: { status: 'SUCCEEDED' } });
    const bad = await runCli([
      'destination',
      'duckdb',
      'check',
      '--config',
      written('bad.json', { path: `${folder}/no/x`, pasword: 'hush' }),
    ]);
    expect(bad.messages().at(-1)).toMatchObject({
      connectionStatus: { status: 'FAILED', message: expect.stringContaining("additional properties ('pasword')") },
    });
    expect(bad.stdout).not.toContain('hush');
  });

  it('writes, and goes on with a generation that was broken off', async () => {
    const config = written('config.json', { path: `${folder}/cli.duckdb` });
    const write = (stdin: string, generation: number) =>
      runCli(['destination', 'duckdb', 'write', '--config', config, '--catalog', catalog(generation)], { stdin });
    const first = await write(lines(record(1), record(2), state(1), complete), 1);
    expect(first).toMatchObject({ code: 0 });
    expect(states(first.messages())).toMatchObject([{ id: 1, destinationStats: { recordCount: 2 } }]);
    const broken = await write(lines(record(11), state(2), record(12)), 2);
    expect(broken).toMatchObject({ code: 1 });
    expect(broken.stdout).toContain('The input ended before these streams were complete: things.');
    const ids = async () =>
      (await query(`${folder}/cli.duckdb`, 'SELECT id FROM things ORDER BY id')).map(({ id }) => Number(id));
    expect(await ids()).toEqual([1, 2]);
    expect(await write(lines(record(12), state(3), complete), 2)).toMatchObject({ code: 0 });
    expect(await ids()).toEqual([11, 12]);
  });

  it('says what is wrong with its command line', async () => {
    const verb = await runCli(['destination', 'duckdb', 'sing']);
    expect(verb).toMatchObject({ code: 1 });
    expect(verb.stderr).toContain("'sing' is no verb of a destination (spec, check, write).");
    const kind = await runCli(['destination', 'duckdbb', 'spec']);
    expect(kind.stderr).toContain("Did you mean 'duckdb'?");
    expect((await runCli(['destination', 'duckdb'])).stderr).toContain("missing required argument 'verb'");
  });
});

describeWith(postgres, 'tidemark destination postgres', (server) => {
  it('replaces a table when the stream is complete', async () => {
    const url = await newDatabase(server(), 'served');
    const { hostname: host, port, username: user, password } = new URL(url);
    const config = written('pg.json', {
      host,
      port: Number(port),
      user,
      password,
      database: 'served',
      ssl_mode: 'disable',
    });
    const write = (stdin: string, generation: number) =>
      runCli(['destination', 'postgres', 'write', '--config', config, '--catalog', catalog(generation)], { stdin });
    expect(await write(lines(record(1), state(1), complete), 1)).toMatchObject({ code: 0 });
    expect(await write(lines(record(2), state(2)), 2)).toMatchObject({ code: 1 });
    expect((await readTable(url, 'things'))?.map(({ id }) => id)).toEqual(['1']);
    const last = await write(lines(record(3), complete), 2);
    expect(last, last.stderr).toMatchObject({ code: 0 });
    expect((await readTable(url, 'things'))?.map(({ id }) => id)).toEqual(['2', '3']);
    expect(last.stdout).not.toContain(password);
  });
});
