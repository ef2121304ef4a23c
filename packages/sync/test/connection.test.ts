import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectionName, destinationKinds, openDestination, parseDestination, readConnection } from '@tidemark/sync';
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
      webhooks: [],
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

  it('says how to go on after a failure, where the state is kept and who is told', async () => {
    const file = write(`
source: s
destination: duckdb:x
streams: [{ name: users, allow_empty: true }]
retry: { attempts: 3, backoff_seconds: 1, backoff_factor: 2, max_backoff_seconds: 60 }
heartbeat_seconds: 300
destination_silent_seconds: 600
state: file:states/\${WHICH}.json
webhooks:
  - https://hooks.example.com/\${HOOK_PATH}
  - { url: "http://localhost:8080/x", events: [failure], secret: "\${HOOK_SECRET}", headers: { X-Key: abc } }
`);
    const environment = { HOOK_SECRET: 'a-secret-of-16-letters', HOOK_PATH: 'T0/secret-path-here', WHICH: 'shop' };
    expect(await readConnection(file, environment)).toMatchObject({
      streams: [{ name: 'users', allow_empty: true }],
      retry: { attempts: 3, backoff_seconds: 1, backoff_factor: 2, max_backoff_seconds: 60 },
      heartbeatSeconds: 300,
      destinationSilentSeconds: 600,
      state: { file: join(folder, 'states/shop.json') },
      webhooks: [
        { url: 'https://hooks.example.com/T0/secret-path-here' },
        { url: 'http://localhost:8080/x', events: ['failure'], headers: { 'X-Key': 'abc' } },
      ],
      secrets: expect.arrayContaining(['/T0/secret-path-here', 'a-secret-of-16-letters', 'abc']),
    });
    const off = write('source: s\ndestination: duckdb:x\nretry: false\nstate: destination\n');
    expect(await readConnection(off, {})).toMatchObject({ retry: false, state: undefined });
  });

  it('refuses what cannot be told, kept or tried again, each with its place', async () => {
    expect(
      await refusal(`source: s
destination: nowhere:x
retry: true
`),
    ).toEqual(["c.yaml:3:8 'retry' must be false or an object"]);
    expect(
      await refusal(
        `source: s
destination: nowhere:x
state: redis://me:s3cret@host
webhooks:
  - http://hooks.example.com/x
  - url: https://me:s3cret@hooks.example.com/
    secret: short
    headers: { Webhook-Id: x, "a b": c }
  - nonsense
`,
      ),
    ).toEqual([
      expect.stringMatching(/^c\.yaml:2:14 'nowhere:…' names no destination/),
      "c.yaml:3:8 The state cannot be kept in 'redis:…'. Possible: destination, file:PATH, postgres://USER@HOST/DATABASE",
      "c.yaml:5:5 'webhooks.0.url' must begin with https:// (http:// only on this machine)",
      "c.yaml:6:10 'webhooks.1.url' holds a name or password: put them into 'headers' (Authorization)",
      "c.yaml:7:13 'webhooks.1.secret' is shorter than 16 characters",
      "c.yaml:8:14 'webhooks.1.headers' 'Webhook-Id' is set by Tidemark",
      "c.yaml:8:14 'webhooks.1.headers' 'a b' is no header that can be sent",
      "c.yaml:9:5 'webhooks.2.url' is no address (https://…)",
    ]);
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
      "c.yaml:7:5 unknown field 'sync_mod' in 'streams.0' (has: name, namespace, sync_mode, destination_sync_mode, primary_key, allow_empty, cursor_field). Did you mean 'sync_mode'?",
      "c.yaml:8:28 'streams.0.destination_sync_mode' must be one of overwrite, append, overwrite_dedup, append_dedup",
      "c.yaml:9:5 'streams.1' must be string or object",
      "c.yaml:11:12 'checkpoint.seconds' must be <= 900",
      "c.yaml:12:1 unknown field 'retries' in the file (has: name, source, config, destination, streams, checkpoint, retry, heartbeat_seconds, destination_silent_seconds, state, webhooks)",
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

  it('asks for no variable that is of the source only, when only the target is wanted', async () => {
    const file = write(
      'source: { command: ["${PROGRAM}"] }\nconfig: { token: "${TOKEN}" }\nname: c\ndestination: duckdb:${FILE}\nwebhooks: ["${HOOK}"]\n',
    );
    expect(await readConnection(file, { FILE: 'x' }, 'target')).toMatchObject({ name: 'c', webhooks: [] });
    await expect(readConnection(file, {}, 'target')).rejects.toThrow(/FILE is not set$/);
  });

  it('says where a text is no YAML, and what a file is that is none', async () => {
    expect(await refusal('source: [a\ndestination: b\n')).toEqual([
      expect.stringMatching(/^c\.yaml:2:\d+ this is no YAML: /),
    ]);
    expect(await refusal('- a\n')).toEqual(['c.yaml:1:1 the file must be object']);
    expect(await refusal('')).toEqual([expect.stringMatching(/^c\.yaml:1:1 this is no YAML: .*empty/)]);
    expect(await refusal('source: s\ndestination: nowhere:s3cret\n')).toEqual([
      expect.stringMatching(/^c\.yaml:2:14 'nowhere:…' names no destination\. Possible: duckdb:FILE/),
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

it.each([
  ['docs/sync.md', {}],
  ['docs/webhooks.md', { head: 'source: s\ndestination: duckdb:x\n' }],
  ['packages/sync/README.md', {}],
])('the example in %s is a connection', async (page, { head = '' }: { head?: string }) => {
  const text = readFileSync(new URL(`../../../${page}`, import.meta.url), 'utf8');
  const [, yaml] = /```yaml\n(.*?)```/s.exec(text)!;
  const environment = {
    SHOP_TOKEN: 't',
    HOOK_ID: '1',
    HOOK_SECRET: 'a-secret-of-16-letters',
    HOOK_TOKEN: 'x',
    CRM_TOKEN: 'y',
  };
  await expect(readConnection(write(`${head}${yaml}`), environment)).resolves.toMatchObject({
    webhooks: [{}, ...(head ? [{}] : [])],
  });
});

it('docs/sync.md names every destination', () => {
  const text = readFileSync(new URL('../../../docs/sync.md', import.meta.url), 'utf8');
  for (const { example } of destinationKinds) expect(text).toContain(`\`${example}\``);
});

it('a connection without a name is called like its manifest', () => {
  expect(connectionName('/a/b/source-crm.yaml')).toBe('source-crm');
  expect(connectionName('source-crm')).toBe('source-crm');
  expect(connectionName('/a/source-crm/manifest.yaml')).toBe('source-crm');
});

it('destinations have a short form', async () => {
  expect(parseDestination('duckdb:./a b.duckdb')).toEqual({ duckdb: { path: './a b.duckdb' } });
  expect((await openDestination('duckdb:x.duckdb')).name).toBe('duckdb:x.duckdb');
  for (const text of ['x.duckdb', 'nowhere://x', ''])
    expect(() => parseDestination(text)).toThrow(/names no destination/);
  expect(() => parseDestination('duckdb:')).toThrow(/names no file/);
  expect(() => parseDestination('duckbd:s3cret')).toThrow(/^'duckbd:…' names .*Did you mean 'duckdb:'\?$/);
  expect(() => parseDestination('me:s3cret@host')).not.toThrow(/s3cret/);
  await expect(openDestination({ oracle: {} })).rejects.toThrow(/exactly one of these kinds: duckdb.*Met: oracle/);
});

it.each(destinationKinds)('destination $key can be named in short, in a file and in its schema', async (kind) => {
  for (const scheme of kind.schemes) expect(scheme).toMatch(/^[a-z][a-z0-9+.-]*$/);
  expect(kind.schemes.some((scheme) => kind.example.includes(scheme))).toBe(true);
  const { Ajv } = await import('ajv');
  expect(() => new Ajv({ strict: false, logger: false }).compile(kind.schema)).not.toThrow();
});
