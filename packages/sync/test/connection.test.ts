import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectionName, openDestination, parseDestination, readConnection } from '@tidemark/sync';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './duckdb-file.ts';

const folder = temporaryFolder();
let files = 0;
function write(text: string, name = `connection-${++files}.yaml`): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}
const refusal = async (text: string, environment = {}): Promise<string[]> => {
  const file = write(text);
  const error = await readConnection(file, environment).then(
    () => new Error('it was taken'),
    (thrown: Error) => thrown,
  );
  expect(error).toMatchObject({ name: 'ConnectorError', kind: 'config' });
  return error.message.replaceAll(file, 'c.yaml').split('\n');
};

describe('connection.yaml', () => {
  it('says what to read, how, and where to write it', async () => {
    const file = write(`
name: crm
source: ./manifests/source-crm.yaml
config:
  token: \${CRM_TOKEN}
  url: https://\${HOST:-example.com}/v1
  price: $\${5}
  list: [1, "a\${HOST:-b}"]
destination: duckdb:data/crm.duckdb
streams:
  - users
  - name: orders
    sync_mode: incremental
    destination_sync_mode: append_dedup
    primary_key: [id, [line, no]]
    cursor_field: updated_at
checkpoint: { seconds: 5, bytes: 1048576 }
`);
    expect(await readConnection(file, { CRM_TOKEN: 's3cret' })).toEqual({
      name: 'crm',
      source: { manifest: join(folder, 'manifests/source-crm.yaml'), isPath: true },
      config: { token: 's3cret', url: 'https://example.com/v1', price: '${5}', list: [1, 'ab'] },
      destination: { duckdb: { path: join(folder, 'data/crm.duckdb') } },
      streams: [
        { name: 'users' },
        {
          name: 'orders',
          sync_mode: 'incremental',
          destination_sync_mode: 'append_dedup',
          primary_key: [['id'], ['line', 'no']],
          cursor_field: ['updated_at'],
        },
      ],
      checkpoint: { seconds: 5, bytes: 1048576 },
      secrets: ['s3cret'],
    });
  });

  it('takes a configuration file, a name for a manifest, and settings of the destination', async () => {
    write('{"token": 12345678901234567890}', 'config.json');
    const file = write(
      'source: { manifest: source-crm }\nconfig: config.json\ndestination: { duckdb: { path: /data/a.duckdb, schema: crm, memory_limit: 1GB } }\n',
    );
    expect(await readConnection(file, {})).toMatchObject({
      name: 'source-crm',
      source: { manifest: 'source-crm', isPath: false },
      config: { token: 12345678901234567890n },
      destination: { duckdb: { path: '/data/a.duckdb', schema: 'crm', memory_limit: '1GB' } },
    });
  });

  it('lists everything that is wrong, each with its place', async () => {
    expect(
      await refusal(`source: ""
destination:
  duckdb:
    pth: x
streams:
  - name: users
    sync_mod: full
    destination_sync_mode: replace
  - 5
checkpoint:
  seconds: 1000
retries: 3
`),
    ).toEqual([
      "c.yaml:1:10 'source' must NOT have fewer than 1 characters",
      "c.yaml:4:5 'destination.duckdb.path' is missing",
      "c.yaml:4:5 unknown field 'pth' in 'destination.duckdb' (has: path, schema, memory_limit, threads). Did you mean 'path'?",
      "c.yaml:7:5 unknown field 'sync_mod' in 'streams.0' (has: name, namespace, sync_mode, destination_sync_mode, primary_key, cursor_field). Did you mean 'sync_mode'?",
      "c.yaml:8:28 'streams.0.destination_sync_mode' must be one of overwrite, append, overwrite_dedup, append_dedup",
      "c.yaml:9:5 'streams.1' must be string or object",
      "c.yaml:11:12 'checkpoint.seconds' must be <= 900",
      "c.yaml:12:1 unknown field 'retries' in the file (has: name, source, config, destination, streams, checkpoint, state)",
    ]);
  });

  it('names every variable that is not set, and no value', async () => {
    const text =
      'source: s\nconfig:\n  a: ${ONE}\n  b:\n    - x${TWO}\n    - ${EMPTY}\n    - ${SET}\ndestination: duckdb:${FILE}\n';
    expect(await refusal(text, { SET: 'secret', EMPTY: '' })).toEqual([
      'c.yaml:3:6 the environment variable ONE is not set',
      'c.yaml:5:7 the environment variable TWO is not set',
      'c.yaml:6:7 the environment variable EMPTY is not set',
      'c.yaml:8:14 the environment variable FILE is not set',
    ]);
  });

  it('says where a text is no YAML, and what a file is that is none', async () => {
    expect(await refusal('source: [a\ndestination: b\n')).toEqual([
      expect.stringMatching(/^c\.yaml:2:\d+ this is no YAML: /),
    ]);
    expect(await refusal('- a\n')).toEqual(['c.yaml:1:1 the file must be object']);
    expect(await refusal('')).toEqual([expect.stringMatching(/^c\.yaml:1:1 this is no YAML: .*empty/)]);
    expect(await refusal('source: s\ndestination: postgres:x\n')).toEqual([
      "c.yaml:2:14 'postgres:x' names no destination. Possible: duckdb:FILE",
    ]);
    await expect(readConnection(join(folder, 'none.yaml'))).rejects.toThrow(/does not exist/);
    await expect(readConnection(folder)).rejects.toThrow(/is a folder/);
  });

  it('does not show what is in a configuration file that is no JSON', async () => {
    write('{"token": "s3cret"', 'broken.json');
    const file = write('source: s\nconfig: broken.json\ndestination: duckdb:x\n');
    await expect(readConnection(file)).rejects.toThrow(/broken\.json is not valid JSON\.$/);
  });
});

it('a connection without a name is called like its manifest', () => {
  expect(connectionName('/a/b/source-crm.yaml')).toBe('source-crm');
  expect(connectionName('source-crm')).toBe('source-crm');
  expect(connectionName('/a/source-crm/manifest.yaml')).toBe('source-crm');
});

it('destinations have a short form', () => {
  expect(parseDestination('duckdb:./a b.duckdb')).toEqual({ duckdb: { path: './a b.duckdb' } });
  expect(openDestination('duckdb:x.duckdb').name).toBe('duckdb:x.duckdb');
  for (const text of ['x.duckdb', 'duckdb:', 'postgres://x', ''])
    expect(() => parseDestination(text)).toThrow(/names no destination/);
});
