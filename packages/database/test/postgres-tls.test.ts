import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@tidemark/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgres } from '../../../scripts/servers/vitest.mjs';
import { createDatabaseSource } from '../src/index.js';
import { type Address, context, run } from './reading.js';
import { newKey, startSshServer } from './ssh-server.js';

const hasOpenssl = ((): boolean => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!postgres.available().ok || !hasOpenssl)('TLS (PostgreSQL, openssl)', () => {
  let folder: string;
  let server: Address & { stop(): Promise<void> };
  let authority: string;
  let stranger: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tidemark-tls-'));
    chmodSync(folder, 0o755);
    const ssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
    for (const name of ['ca', 'other']) {
      ssl(
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-subj',
        `/CN=${name}`,
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.crt`,
      );
    }
    ssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=database.example',
      '-keyout',
      'server.key',
      '-out',
      'server.csr',
    );
    ssl(
      'x509',
      '-req',
      '-in',
      'server.csr',
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-out',
      'server.crt',
    );
    // The server insists on a key that only its own user can read.
    const owner = process.getuid?.() === 0 ? 'postgres' : undefined;
    if (owner) execFileSync('chown', [owner, join(folder, 'server.key')]);
    chmodSync(join(folder, 'server.key'), 0o600);
    server = (await postgres.start({
      settings: { ssl: 'on', ssl_cert_file: join(folder, 'server.crt'), ssl_key_file: join(folder, 'server.key') },
    })) as never;
    authority = readFileSync(join(folder, 'ca.crt'), 'utf8');
    stranger = readFileSync(join(folder, 'other.crt'), 'utf8');
    await run(server, 'CREATE TABLE t AS SELECT 1 AS id');
  }, 180_000);

  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const connect = async (ssl_mode: unknown, host = server.host, ssh?: JsonObject): Promise<string> => {
    const source = await createDatabaseSource({ dialect: 'postgres' });
    const { port, user: username, password, database } = server;
    try {
      const connection = await source.connect(
        { host, port, username, password, database, ssl_mode: ssl_mode as never, ssh },
        context(),
      );
      const names = connection.streams.map((stream) => stream.name).join();
      await connection.close();
      return names;
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('takes whatever certificate, one of the right authority, or one of the right name besides', async () => {
    expect(await connect('disable')).toBe('t');
    expect(await connect('prefer')).toBe('t');
    expect(await connect('require')).toBe('t');
    expect(await connect({ mode: 'verify-ca', ca_certificate: authority })).toBe('t');
    expect(await connect({ mode: 'verify-ca', ca_certificate: stranger })).toMatch(/not signed by the given authority/);
    expect(await connect('verify-ca')).toMatch(/not signed by the given authority/);
    expect(await connect({ mode: 'verify-full', ca_certificate: authority })).toMatch(/is for another host name/);
  });

  it('compares the certificate with the server’s own name through an SSH tunnel', async () => {
    const privateKey = newKey();
    const tunnel = await startSshServer({
      user: 'jump',
      password: 'x',
      privateKey,
      names: ['database.example', 'other.example'],
    });
    const { port, fingerprint: host_key } = tunnel;
    const ssh = { host: '127.0.0.1', port, username: 'jump', private_key: privateKey, host_key };
    const full = { mode: 'verify-full', ca_certificate: authority };
    expect(await connect(full, 'database.example', ssh)).toBe('t');
    expect(await connect(full, 'other.example', ssh)).toMatch(/is for another host name/);
    await tunnel.stop();
  });
});
