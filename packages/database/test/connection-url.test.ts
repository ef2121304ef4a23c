import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@tidemark/protocol';
import { afterAll, describe, expect, it } from 'vitest';
import { parseMongoConfig } from '../src/mongodb/config.js';
import { parseMysqlConfig } from '../src/mysql/config.js';
import { parsePostgresConfig } from '../src/postgres/config.js';
import { parseSqlServerConfig } from '../src/sqlserver/config.js';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-url-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PARSERS = {
  postgres: parsePostgresConfig,
  mysql: parseMysqlConfig,
  sqlserver: parseSqlServerConfig,
  mongodb: parseMongoConfig,
} as const;

/** Why a configuration is refused; empty where it is taken. */
function refusal(dialect: keyof typeof PARSERS, config: string | JsonObject): string {
  try {
    PARSERS[dialect](typeof config === 'string' ? { url: config } : config);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

const account = (dialect: string, query: string): string => `${dialect}://me:the-password@db.example.com/shop${query}`;

describe('what stands behind the ? of a URL', () => {
  it('TLS is used under every spelling of its name', () => {
    for (const name of ['sslmode', 'ssl_mode', 'ssl-mode', 'sslMode']) {
      const { ssl, sslOptional } = parsePostgresConfig({ url: account('postgres', `?${name}=verify-full`) });
      expect([name, ssl, sslOptional]).toEqual([name, { rejectUnauthorized: true }, false]);
      const mysql = parseMysqlConfig({ url: account('mysql', `?${name}=VERIFY_IDENTITY`) });
      expect([name, mysql.ssl, mysql.sslOptional]).toEqual([
        name,
        { rejectUnauthorized: true, verifyIdentity: true },
        false,
      ]);
    }
    const encrypted = parseSqlServerConfig({
      url: account('sqlserver', '?encrypt=true&TrustServerCertificate=true'),
    });
    expect(encrypted).toMatchObject({ encrypt: true, trustServerCertificate: true });
    expect(parseSqlServerConfig({ url: account('sqlserver', '?encrypt=false') })).toMatchObject({ encrypt: false });
    expect(parseSqlServerConfig({ url: account('mssql', '') })).toMatchObject({
      encrypt: true,
      trustServerCertificate: false,
    });
  });

  it('an unknown parameter is refused by its name, with those that there are', () => {
    expect(refusal('postgres', account('postgres', '?foo=bar'))).toBe(
      "The configuration is wrong: 'url' has the parameter 'foo', which is not known (it can have: sslmode, sslrootcert, schema, host, port, dbname, user, password, channel_binding, gssencmode, target_session_attrs).",
    );
    expect(refusal('mysql', account('mysql', '?foo=bar'))).toContain(
      "the parameter 'foo', which is not known (it can have: ssl-mode, ssl-ca)",
    );
    expect(refusal('sqlserver', account('sqlserver', '?foo=bar'))).toContain(
      "the parameter 'foo', which is not known (it can have: encrypt, trustServerCertificate, ssl_method, database",
    );
    expect(refusal('mongodb', account('mongodb', '?foo=bar'))).toContain(
      "the parameter 'foo', which is not known (it can have: appName, authMechanism",
    );
    // The driver would take its own inner settings from there.
    expect(refusal('mongodb', account('mongodb', '?tls=true&checkServerIdentity=x'))).toContain('checkServerIdentity');
  });

  it('what other programs write there is refused with what to do', () => {
    const pasted: [keyof typeof PARSERS, string, RegExp][] = [
      ['postgres', 'application_name=x', /'application_name', which is not taken: take it out/],
      ['postgres', 'connect_timeout=10', /'connect_timeout', which is not taken: take it out.*30 seconds/],
      ['postgres', 'options=-c%20search_path%3Dx', /'options', which is not taken: .*`schemas`/],
      ['postgres', 'ssl=true', /'ssl', which is not taken: write sslmode=verify-full/],
      ['postgres', 'sslcert=a.pem', /'sslcert', which is not taken: .*client_certificate/],
      ['postgres', 'channel_binding=require', /'channel_binding', which can only be prefer or disable/],
      ['mysql', 'useSSL=true', /'useSSL', which is not taken: write ssl-mode=/],
      ['mysql', 'serverTimezone=UTC', /'serverTimezone', which is not taken: take it out/],
      ['sqlserver', 'sslmode=verify-full', /'sslmode', which is not taken: write encrypt=true/],
      ['sqlserver', 'encrypt=strict', /'encrypt' must be one of true, false/],
      ['mongodb', 'ssl_mode=verify_identity', /'ssl_mode', which is not taken: write tls=true/],
      ['mongodb', 'tlsCAFile=ca.pem', /has tlsCAFile and no tls=true: the connection would not be encrypted/],
    ];
    for (const [dialect, query, expected] of pasted)
      expect(refusal(dialect, account(dialect, `?${query}`))).toMatch(expected);
    expect(refusal('postgres', account('postgres', '?sslmode=disable&ssl_mode=verify-full'))).toContain(
      "'url' has the parameter 'sslmode' twice",
    );
    expect(refusal('sqlserver', account('sqlserver', '?database=other'))).toContain(
      "'url' says the database twice: before its '?' and by the parameter 'database'",
    );
  });

  it('takes what has a setting', () => {
    const url =
      'postgresql:///?schema=a,b&host=other.example.com&port=6432&user=you&password=p%C3%A4&dbname=x&channel_binding=prefer';
    expect(parsePostgresConfig({ url })).toMatchObject({
      host: 'other.example.com',
      port: 6432,
      user: 'you',
      password: 'pä',
      database: 'x',
      schemas: ['a', 'b'],
    });
    const atlas =
      'mongodb+srv://me:p@cluster.example.com/shop?retryWrites=true&w=majority&authSource=admin&replicaSet=rs&tls=true&directConnection=false&tlsCAFile=x';
    expect(refusal('mongodb', atlas)).toBe('');
  });

  it('reads the certificates of authorities from a file, where one is looked at', () => {
    const file = join(folder, 'ca.pem');
    const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    writeFileSync(file, pem);
    const root = `sslrootcert=${encodeURIComponent(file)}`;
    expect(parsePostgresConfig({ url: account('postgres', `?sslmode=verify-full&${root}`) }).ssl).toEqual({
      rejectUnauthorized: true,
      ca: pem,
    });
    expect(parseMysqlConfig({ url: account('mysql', `?ssl-mode=verify_ca&ssl-ca=${file}`) }).ssl).toMatchObject({
      rejectUnauthorized: true,
      ca: pem,
    });
    for (const mode of ['', 'sslmode=require&', 'sslmode=disable&'])
      expect(refusal('postgres', account('postgres', `?${mode}${root}`))).toMatch(
        /no certificate is looked at: set it to verify-ca or verify-full/,
      );
    expect(refusal('postgres', account('postgres', '?sslmode=verify-full&sslrootcert=/none.pem'))).toMatch(
      /the file that the parameter 'sslrootcert' of 'url' names cannot be read/,
    );
    expect(parsePostgresConfig({ url: account('postgres', '?sslmode=verify-full&sslrootcert=system') }).ssl).toEqual({
      rejectUnauthorized: true,
    });
  });
});

describe('a URL or configuration that is wrong', () => {
  it('says what is wrong with it, and not that its parts are missing', () => {
    expect(refusal('postgres', 'postgres://me:the-password@x:99999/shop')).toBe(
      "The configuration is wrong: the port of 'url' must be a number from 1 to 65535.",
    );
    for (const dialect of ['postgres', 'mysql'] as const)
      expect(refusal(dialect, `${dialect}://me:100%@x/shop`)).toBe(
        "The configuration is wrong: 'url' has a '%' that is not followed by two hexadecimal digits: a '%' itself is written %25.",
      );
    for (const url of ['mysql://me@x/shop', 'jdbc:postgresql://x/shop', 'x'])
      expect(refusal('postgres', url)).toBe(
        "The configuration is wrong: 'url' is no URL of the form postgres://user:password@host:port/database.",
      );
  });

  it('says what to give where nothing is given', () => {
    expect(refusal('postgres', {})).toBe(
      'Nothing says which server to connect to: give a configuration (--config) with the fields of a connection, or a URL of the form postgres://user:password@host:port/database.',
    );
    for (const dialect of ['mysql', 'sqlserver', 'mongodb'] as const)
      expect(refusal(dialect, {})).toContain(
        `(--config) with the fields of a connection, or a URL of the form ${dialect}`,
      );
  });

  it('prints no piece of a password that is not encoded', () => {
    for (const url of [
      'postgres://me:12?secret=3@x/shop',
      'postgres://me:12#secret@x/shop',
      'postgres://me:12/secret@x/shop',
      'postgres://me@corp:12/secret@x/shop',
    ]) {
      const message = refusal('postgres', url);
      expect(message).toContain("'url'");
      expect(message).not.toContain('secret');
    }
  });

  it('refuses TLS settings in names that are not known', () => {
    const config = { host: 'x', database: 'd', username: 'u', password: 'p' };
    expect(refusal('postgres', { ...config, sslmode: 'verify-full' })).toContain(
      "'sslmode' is not known: it is written 'ssl_mode'",
    );
    expect(refusal('sqlserver', { ...config, sslMethod: 'unencrypted' })).toContain("it is written 'ssl_method'");
    expect(refusal('mysql', { ...config, jdbc_url_params: 'useSSL=true' })).toContain("'jdbc_url_params' is not taken");
    expect(refusal('mysql', { ...config, jdbc_url_params: 'socketTimeout=1' })).toBe('');
  });
});
