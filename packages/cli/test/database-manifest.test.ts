import { formatDiagnostic } from '@tidemark/declarative';
import { describe, expect, it } from 'vitest';
import { databaseManifest, readDatabaseManifest } from '../src/input/database.js';

const lines = async (text: string): Promise<string[]> =>
  (await readDatabaseManifest(text, 'db.yaml')).diagnostics.map(formatDiagnostic);

describe('a manifest of a database', () => {
  it('has the line and column of everything that is wrong with it, and what was probably meant', async () => {
    const text = `type: DatabaseSource
dialect: postgres
streams:
  - name: orders
    cursr: updated_at
  - columns: id
chunking: { page_rows: many }
cursors:
  method: lgo
`;
    expect(await lines(text)).toEqual([
      expect.stringMatching(
        /^db\.yaml:5:5 unknown field 'cursr' in 'streams\[0\]' \(has: name, .*\)\. Did you mean 'cursor'\?$/,
      ),
      "db.yaml:6:5 'streams[1].name' is missing",
      "db.yaml:6:14 'streams[1].columns' must be a list",
      "db.yaml:7:24 'chunking.page_rows' must be of type integer",
      "db.yaml:9:11 'cursors.method' must be one of cursor, xmin, log, none. Did you mean 'log'?",
    ]);
  });

  it('is looked at inside its connection, by what its dialect takes', async () => {
    const text = `type: DatabaseSource
dialect: postgres
connection:
  databse: x
  ssl_mode: verifyfull
  port: 99999
  ssh: { host: h, user: u }
`;
    expect(await lines(text)).toEqual([
      expect.stringMatching(
        /^db\.yaml:4:3 unknown field 'databse' in 'connection' \(has: .*\)\. Did you mean 'database'\?$/,
      ),
      "db.yaml:5:13 'connection.ssl_mode' must be one of disable, allow, prefer, require, verify-ca, verify-full. Did you mean 'verify-full'?",
      "db.yaml:6:9 'connection.port' must be 65535 or less",
      "db.yaml:7:8 'connection.ssh.username' is missing",
      expect.stringMatching(/^db\.yaml:7:19 unknown field 'user' in 'connection\.ssh'/),
    ]);
    const mode = `type: DatabaseSource
dialect: mysql
connection:
  ssl_mode: { mode: verify_idenity, ca_certifcate: x }
`;
    expect(await lines(mode)).toEqual([
      expect.stringMatching(/^db\.yaml:4:21 .*Did you mean 'verify_identity'\?$/),
      expect.stringMatching(/^db\.yaml:4:37 unknown field 'ca_certifcate'.*Did you mean 'ca_certificate'\?$/),
    ]);
  });

  it('may have variables, null, numbers in quotes, and every name that a dialect takes in its connection', async () => {
    const connections: [string, string][] = [
      ['postgres', '{ url: "postgres://x", user: u, port: "5432", ssl_mode: "${MODE}", password: null, schemas: [a] }'],
      ['postgres', '{ tunnel_method: { tunnel_method: NO_TUNNEL }, replication_slot: s, publication: p }'],
      ['postgres', '{ ssl_mode: { mode: VERIFY-FULL, ca_certificate: "${CA}" }, ssh: { host: h, username: u } }'],
      ['mysql', '{ host: h, port: "${PORT}", database: d, username: u, ssl_mode: VERIFY_CA }'],
      ['sqlserver', '{ host: h, ssl_method: unencrypted }'],
      [
        'mongodb',
        '{ connection_string: "mongodb://x", schemaless: true, discover_sample_size: 5, ssl_mode: required }',
      ],
    ];
    for (const [dialect, connection] of connections)
      expect([
        connection,
        await lines(`type: DatabaseSource\ndialect: ${dialect}\nconnection: ${connection}\n`),
      ]).toEqual([connection, []]);
  });

  it('that is no YAML has the line and column of that, and nothing else', async () => {
    const text = 'type: DatabaseSource\ndialect: postgres\nstreams:\n  - name: [a\ncursors: {}\n';
    const [first, ...more] = await lines(text);
    expect(first).toMatch(/^db\.yaml:4:11 the \[ that is opened here is never closed/);
    expect(more).toEqual([]);
  });

  it('says the same to every command that makes a source of it', async () => {
    const open = (text: string) => databaseManifest(text, 'db.yaml', () => undefined);
    await expect(open('type: DatabaseSource\ndialect: oracl\n')).rejects.toMatchObject({
      kind: 'config',
      message: expect.stringMatching(/^The manifest cannot run\.\ndb\.yaml:2:10 'dialect' must be one of postgres, /),
    });
    await expect(open('type: DatabaseSource\ndialect: "postgres\n')).rejects.toThrow(/db\.yaml:\d+:\d+ /);
    expect(await open('type: DatabaseSource\ndialect: postgres\n')).toHaveProperty('connect');
  });
});
