import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { committed, lastStates, rows, transcript } from '@tidemark/source/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWith, mysql, postgres } from '../../../scripts/servers/vitest.mjs';
import { createDatabaseSource, type DatabaseSettings } from '../src/index.js';
import { covered, readLog, table } from './log-reading.js';
import { run as runMysql } from './mysql/server.js';
import { type Address, column, context, readAll, run } from './reading.js';
import { newKey, type SshServer, startSshServer } from './ssh-server.js';

const USER_KEY = newKey();
const ACCESS = { user: 'jump', password: 'jump-password', privateKey: USER_KEY };
const ROWS = 2_000;

let ssh: SshServer;
const through = (given: object = {}) => ({
  ssh: {
    host: '127.0.0.1',
    port: ssh.port,
    username: 'jump',
    private_key: USER_KEY,
    host_key: ssh.fingerprint,
    ...given,
  },
});

beforeAll(async () => {
  ssh = await startSshServer(ACCESS);
});
afterAll(async () => {
  await ssh.stop();
});

async function connect(address: Address, config: object, settings: Partial<DatabaseSettings> = {}) {
  const source = await createDatabaseSource({ dialect: 'postgres', ...settings });
  const { host, port, database, user: username, password } = address;
  const logs: string[] = [];
  const secrets: string[] = [];
  const surroundings = { ...context(logs), addSecret: (secret: string) => void secrets.push(secret) };
  const connection = await source.connect({ host, port, database, username, password, ...config }, surroundings);
  return { connection, logs, secrets };
}

const CHANGED = 12_000;
const LOG = { streams: [{ name: 'l' }], reading: { method: 'log' as const, page_rows: 100 } };

/** A load and what follows it, with a cut in between: what is read until then and from the last state on is everything. */
async function logThroughTunnel(from: {
  open: () => ReturnType<typeof connect>;
  change: () => Promise<unknown>;
}): Promise<void> {
  const { connection } = await from.open();
  const load = await readLog(connection);
  expect(load.errors).toEqual([]);
  await from.change();
  const { forwarded } = ssh.counts;
  let pages = 0;
  const broken = await readLog(connection, {
    after: load,
    onChanges: () => {
      if (++pages === 2) ssh.cut();
    },
  });
  await connection.close();
  expect(broken.errors).toHaveLength(1);
  expect(broken.kinds).toEqual(['transient']);
  expect(ssh.counts.forwarded).toBeGreaterThan(forwarded);
  const again = await from.open();
  const rest = await readLog(again.connection, { after: broken });
  await again.connection.close();
  expect(rest.errors).toEqual([]);
  const sent = [...load.sent, ...covered(broken), ...rest.sent];
  expect(table(sent, 'l', '_ab_cdc_cursor').size).toBe(CHANGED - 1);
}

describeWith(postgres, 'an SSH tunnel', (server) => {
  beforeAll(async () => {
    await run(server(), `CREATE TABLE t AS SELECT i AS id, repeat('x', 300) AS pad FROM generate_series(1, ${ROWS}) i`);
    await run(server(), 'ALTER TABLE t ADD PRIMARY KEY (id)');
  });
  const ids = Array.from({ length: ROWS }, (_, i) => String(i + 1)).sort();
  const paged = { streams: [{ name: 't' }], reading: { page_rows: 100, concurrency: 2 } };
  const failure = async (config: object, address: Address = server()): Promise<string> => {
    try {
      await (await connect(address, config)).connection.close();
    } catch (error) {
      const { kind, message } = error as { kind: string; message: string };
      expect(message).not.toMatch(/jump-password|PRIVATE KEY|wrong-secret/);
      return `${kind}: ${message}`;
    }
    return 'none';
  };

  it('reads a table through it, with a key or a password, and nothing past it', async () => {
    const before = { ...ssh.counts };
    const { connection, logs, secrets } = await connect(server(), through(), paged);
    const all = await readAll(connection);
    await connection.close();
    expect(all.errors).toEqual([]);
    expect(column(all, 'id')).toEqual(ids);
    expect(logs).toEqual([]);
    expect(secrets).toContain(USER_KEY);
    expect(ssh.counts.connections - before.connections).toBe(1);
    expect(ssh.counts.forwarded - before.forwarded).toBeGreaterThan(1);
    expect(await failure(through({ private_key: undefined, password: 'jump-password' }))).toBe('none');
    const airbyte = { tunnel_host: '127.0.0.1', tunnel_port: ssh.port, tunnel_user: 'jump' };
    const byKey = { tunnel_method: { tunnel_method: 'SSH_KEY_AUTH', ssh_key: USER_KEY, ...airbyte } };
    const byPassword = { tunnel_method: 'SSH_PASSWORD_AUTH', tunnel_user_password: 'jump-password', ...airbyte };
    expect(await failure(byKey)).toBe('none');
    expect(await failure({ tunnel_method: byPassword })).toBe('none');
    const forwarded = ssh.counts.forwarded;
    expect(await failure({ tunnel_method: { tunnel_method: 'NO_TUNNEL' } })).toBe('none');
    expect(ssh.counts.forwarded).toBe(forwarded);
  });

  it('answers a server that asks for the password, and takes a key with a passphrase', async () => {
    const passphrase = 'key-passphrase';
    const encrypted = newKey({ passphrase });
    const other = await startSshServer({ ...ACCESS, asksForPassword: true });
    const to = { port: other.port, host_key: other.fingerprint };
    expect(await failure(through({ ...to, private_key: undefined, password: 'jump-password' }))).toBe('none');
    await other.stop();
    expect(await failure(through({ private_key: encrypted }))).toMatch(/^config: .* is encrypted, and the passphrase/);
    expect(await failure(through({ private_key: encrypted, passphrase: 'wrong-secret' }))).toMatch(
      /^config: .* is encrypted, and the passphrase is missing or wrong/,
    );
    // Read, but nobody's there.
    expect(await failure(through({ private_key: encrypted, passphrase }))).toMatch(/^config: .* refuses this user/);
  });

  it('says what is wrong: key, password, host key, fields, ports', async () => {
    expect(await failure(through({ private_key: newKey() }))).toMatch(
      /^config: Connecting to the SSH server 127.0.0.1:\d+ as jump failed. The server refuses this user, key or password/,
    );
    expect(await failure(through({ private_key: undefined, password: 'wrong-secret' }))).toMatch(/^config: .*refuses/);
    expect(await failure(through({ private_key: 'no key' }))).toMatch(/^config: The private key .* none that can be/);
    const forwarded = ssh.counts.forwarded;
    expect(await failure(through({ host_key: `SHA256:${'A'.repeat(43)}` }))).toMatch(
      new RegExp(`^config: .* has the key ${ssh.fingerprint.replaceAll('+', '\\+')} \\(ssh-ed25519\\), not SHA256:AAA`),
    );
    expect(ssh.counts.forwarded).toBe(forwarded);
    expect(await failure({ ssh: { host: '', username: 7, host_key: 'ab:cd', port: 0, timeout: -1 } })).toMatch(
      /^config: .*'ssh.username' must be a text.*'ssh.host' is missing.*'ssh.port'.*'ssh.private_key' or 'ssh.password' is missing.*'ssh.host_key'.*'ssh.timeout'/,
    );
    expect(await failure(through({ keyfile: 'x' }))).toMatch(/^config: .*'ssh' has fields that nobody knows/);
    expect(await failure(through({ port: 1 }))).toMatch(/^transient: .*SSH server.* Nothing answers at this host/);
    expect(await failure(through(), { ...server(), port: 1 })).toMatch(
      /^transient: The SSH server .* does not reach 127.0.0.1:1\. /,
    );
    expect(await failure({ ...through(), password: 'wrong-secret' })).toMatch(
      /^config: .*The server refuses this user or password/,
    );
    const source = await createDatabaseSource({ dialect: 'postgres' });
    const { port, database, user: username, password } = server();
    const config = { port, database, username, password, ...through({ private_key: newKey() }) };
    const connection = await source.connect(config, context(), { forCheck: true });
    expect(await connection.check()).toMatchObject({ succeeded: false, message: expect.stringMatching(/SSH server/) });
    await connection.close();
  });

  it('a server that says nothing, and one that closes at once', async () => {
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    expect(await failure(through({ port, timeout: 0.3 }))).toMatch(/^transient: .*does not answer \(ssh.timeout\)/);
    silent.on('connection', (socket) => socket.destroy());
    expect(await failure(through({ port }))).toMatch(/^transient: .*SSH server/);
    silent.close();
  });

  it('without host_key the key is logged once, and stays the key of this connection', async () => {
    const first = await startSshServer(ACCESS);
    const { connection, logs } = await connect(server(), through({ port: first.port, host_key: undefined }), paged);
    expect(logs).toEqual([expect.stringContaining(first.fingerprint)]);
    await first.stop();
    const impostor = await startSshServer({ ...ACCESS, port: first.port });
    const { errors } = await readAll(connection);
    expect(errors).toMatchObject([{ kind: 'config', message: expect.stringMatching(/it is another server/) }]);
    expect(impostor.counts.forwarded).toBe(0);
    await connection.close();
    await impostor.stop();
  });

  it('cut while reading, the read goes on', async () => {
    const { connection } = await connect(server(), through(), paged);
    const made = ssh.counts.connections;
    const all = await readAll(connection, {
      onPage: (page) => {
        if (page === 3 || page === 9) ssh.cut();
      },
    });
    await connection.close();
    expect(all.errors).toEqual([]);
    expect(column(all, 'id')).toEqual(ids);
    expect(ssh.counts.connections - made).toBeGreaterThan(0);
  });

  it('gone while reading, the read fails as transient, and the next one goes on with nothing lost', async () => {
    const own = await startSshServer(ACCESS);
    const to = through({ port: own.port, host_key: own.fingerprint });
    const before = await connect(server(), to, paged);
    const first = await readAll(before.connection, {
      onPage: async (page) => {
        if (page === 5) await own.stop();
      },
    });
    await before.connection.close();
    expect(first.errors).toMatchObject([{ kind: 'transient' }]);
    const again = await startSshServer({ ...ACCESS, hostKey: own.hostKey, port: own.port });
    const after = await connect(server(), to, paged);
    const second = await transcript(after.connection.streams, { states: lastStates(first.sent) });
    await after.connection.close();
    await again.stop();
    const sent = rows([...committed(first.sent), ...second.sent]);
    expect(column({ sent: sent.map((row) => ({ kind: 'record', ...row })) }, 'id')).toEqual(ids);
  });

  it('the log is read through it too, and again from the last state when it was cut', async () => {
    await run(server(), 'CREATE TABLE l (id int PRIMARY KEY, pad text)', 'INSERT INTO l VALUES (1), (2)');
    await run(server(), 'CREATE PUBLICATION tidemark FOR TABLE l');
    await run(server(), "SELECT pg_create_logical_replication_slot('tidemark', 'pgoutput')");
    await logThroughTunnel({
      open: () => connect(server(), through(), LOG),
      change: () =>
        run(
          server(),
          'DELETE FROM l WHERE id = 1',
          `INSERT INTO l SELECT i, repeat('x', 2000) FROM generate_series(3, ${CHANGED}) i`,
        ),
    });
  });
});

describeWith(mysql, 'an SSH tunnel', (server) => {
  it('a load and the binlog, with TLS, and again from the last state when it was cut', async () => {
    const numbers = `WITH RECURSIVE n (i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < ${CHANGED})`;
    await runMysql(server(), 'CREATE TABLE l (id INT PRIMARY KEY, pad TEXT)', "INSERT INTO l VALUES (1, ''), (2, '')");
    const config = { ...through(), ssl_mode: 'required' };
    await logThroughTunnel({
      open: () => connect(server(), config, { dialect: 'mysql', ...LOG }),
      change: () =>
        runMysql(
          server(),
          `SET SESSION cte_max_recursion_depth = ${CHANGED}`,
          'DELETE FROM l WHERE id = 1',
          `INSERT INTO l ${numbers} SELECT i, REPEAT('x', 2000) FROM n`,
        ),
    });
    const plain = { dialect: 'mysql', streams: LOG.streams, reading: { page_rows: 500 } };
    const { connection } = await connect(server(), config, plain);
    const made = ssh.counts.connections;
    const all = await readAll(connection, { onPage: (page) => (page === 3 ? ssh.cut() : undefined) });
    await connection.close();
    expect(all.errors).toEqual([]);
    expect(ssh.counts.connections).toBeGreaterThan(made);
    expect(new Set(column(all, 'id')).size).toBe(CHANGED - 1);
    expect(column(all, 'id').length).toBe(CHANGED - 1);
  });

  it('the certificate is compared with the server’s own name, not with the tunnel’s end', async () => {
    const [facts] = await runMysql(server(), 'SELECT @@datadir AS folder, VERSION() AS version');
    const ca_certificate = readFileSync(`${facts!.folder}ca.pem`, 'utf8');
    const name = `MySQL_Server_${facts!.version}_Auto_Generated_Server_Certificate`;
    const named = await startSshServer({ ...ACCESS, names: [name] });
    const ssl_mode = { mode: 'verify_identity', ca_certificate };
    const config = { ...through({ port: named.port, host_key: named.fingerprint }), ssl_mode };
    const settings = { dialect: 'mysql' };
    const { connection } = await connect({ ...server(), host: name }, config, settings);
    await connection.close();
    expect(named.counts.forwarded).toBeGreaterThan(0);
    const local = { ...server(), host: 'localhost' };
    for (const way of [config, { ssl_mode }])
      await expect(connect(local, way, settings)).rejects.toMatchObject({
        kind: 'config',
        message: expect.stringMatching(/certificate is for another host name/),
      });
    await expect(connect(local, { ...config, ssl_mode: 'verify_ca' }, settings)).rejects.toMatchObject({
      kind: 'config',
      message: expect.stringMatching(/not signed by the given authority/),
    });
    await expect(connect(server(), { ssl_mode }, settings)).rejects.toMatchObject({
      message: expect.stringMatching(/'ssl_mode' verify_identity needs a name in 'host'/),
    });
    await named.stop();
  });
});

describe('an SSH tunnel (SQL Server)', () => {
  it('is what its driver connects to', async () => {
    const address = { host: '127.0.0.1', port: 1, database: 'd', user: 'u', password: 'p', url: '' };
    await expect(connect(address, through(), { dialect: 'sqlserver' })).rejects.toMatchObject({
      kind: 'transient',
      message: expect.stringMatching(/^The SSH server .* does not reach 127.0.0.1:1\. /),
    });
  });
});
