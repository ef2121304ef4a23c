import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { describeWith, postgres } from '../../../scripts/servers/vitest.mjs';
import { parseUrl, type SslMode } from '../src/destinations/postgres/kind.ts';
import { postgres as postgresDestination } from '../src/destinations/postgres.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-tls-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const certificate = join(folder, 'server.crt');
const key = join(folder, 'server.key');

/** A certificate for `localhost` that it has signed itself. */
function made(): boolean {
  try {
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', certificate, ...names],
      { stdio: 'ignore' },
    );
    chmodSync(folder, 0o755);
    chmodSync(key, 0o600);
    if (process.getuid?.() === 0) {
      const owner = Number(execFileSync('id', ['-u', 'postgres']).toString());
      for (const file of [key, certificate]) chownSync(file, owner, owner);
    }
    return true;
  } catch {
    return false;
  }
}
const settings = { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key };

if (made()) {
  describeWith(
    postgres,
    'encryption',
    (server) => {
      const tries: [string, SslMode, boolean, boolean][] = [
        ['localhost', 'disable', false, true],
        ['localhost', 'prefer', false, true],
        ['localhost', 'require', false, true],
        ['localhost', 'verify-full', false, false],
        ['localhost', 'verify-ca', true, true],
        ['localhost', 'verify-full', true, true],
        ['127.0.0.1', 'verify-ca', true, true],
        ['127.0.0.1', 'verify-full', true, false],
      ];
      for (const [host, mode, trusted, works] of tries) {
        it(`${works ? 'connects' : 'refuses'}: ${mode} to ${host}${trusted ? ' with its certificate' : ''}`, async () => {
          const destination = postgresDestination({
            ...parseUrl(server().url),
            host,
            ssl_mode: mode,
            ...(trusted ? { ssl_root_cert: certificate } : {}),
          });
          const opened = destination.open({ clock: Date.now, log: () => undefined, connection: 'c' });
          if (works) await (await opened).close();
          else
            await expect(opened).rejects.toMatchObject({ kind: 'config', message: expect.stringMatching(/ssl_mode/) });
        });
      }
    },
    { settings },
  );
} else it.skip('encryption: there is no openssl', () => undefined);
