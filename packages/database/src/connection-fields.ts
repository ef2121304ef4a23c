import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { parseSshSettings, type SshSettings } from './ssh-settings.js';

/** The parts of a configuration that every server with a host and a port has. */
export interface ServerFields {
  host: string;
  port: number;
  user: string;
  password: string | undefined;
  /** Undefined: the server is reached directly. */
  ssh: SshSettings | undefined;
}

/** What a dialect calls the ways of encrypting a connection; each list in lower case. */
export interface TlsWords {
  readonly none: readonly string[];
  /** TLS is tried first and left out when the server has none. */
  readonly optional: readonly string[];
  readonly required: readonly string[];
  /** The certificate must be of the given authority, or one that the system knows. */
  readonly authority: readonly string[];
  /** … and for the server's name. */
  readonly name: readonly string[];
}

/** How a connection is encrypted, as the configuration has it. */
export interface TlsFields {
  /** false: no TLS. */
  ssl: false | ConnectionOptions;
  sslOptional: boolean;
  /** The server's name has to be the certificate's. */
  verifiesName: boolean;
}

const PEM: Readonly<Record<string, 'ca' | 'cert' | 'key' | 'passphrase'>> = {
  ca_certificate: 'ca',
  client_certificate: 'cert',
  client_key: 'key',
  client_key_password: 'passphrase',
};

/**
 * A configuration as fields, or as a `url` whose parts the fields override. Everything that is wrong is gathered and
 * thrown by `done` at once; no value is printed.
 */
export class ConnectionFields {
  readonly wrong: string[] = [];
  private readonly fields: JsonObject;

  /** `tlsParameters`: what a URL's query calls `ssl_mode`. */
  constructor(config: JsonObject, scheme: string, tlsParameters: readonly string[] = []) {
    const given = Object.entries(config).filter(([, value]) => value !== undefined && value !== null);
    const url = typeof config.url === 'string' ? this.parseUrl(config.url, scheme, tlsParameters) : {};
    this.fields = { ...url, ...Object.fromEntries(given) };
  }

  /** A text that is not empty. */
  text(name: string, otherwise?: string): string {
    const value = this.fields[name] ?? otherwise;
    if (typeof value === 'string' && value !== '') return value;
    this.wrong.push(value === undefined ? `'${name}' is missing` : `'${name}' must be a text that is not empty`);
    return '';
  }

  texts(name: string): string[] | undefined {
    const value = this.fields[name];
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value as string[];
    this.wrong.push(`'${name}' must be a list of texts`);
    return undefined;
  }

  /** `username` may be called `user`. */
  server(defaultPort: number): ServerFields {
    const host = this.text('host', 'localhost');
    const user = this.text('username', typeof this.fields.user === 'string' ? this.fields.user : undefined);
    const { password } = this.fields;
    if (password !== undefined && typeof password !== 'string') this.wrong.push(`'password' must be a text`);
    const port = Number(this.fields.port ?? defaultPort);
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      this.wrong.push(`'port' must be a number from 1 to 65535`);
    const ssh = parseSshSettings(this.fields, this.wrong);
    return { host, port, user, password: typeof password === 'string' ? password : undefined, ssh };
  }

  /** `ssl_mode`: a word, or an object with a mode and certificates. */
  tls(words: TlsWords, otherwise: string): TlsFields {
    const given = this.fields.ssl_mode ?? otherwise;
    const options = (typeof given === 'object' ? given : { mode: given }) as JsonObject;
    const mode = String(options.mode).toLowerCase();
    const meaning = (Object.keys(words) as (keyof TlsWords)[]).find((each) => words[each].includes(mode));
    if (meaning === undefined) this.wrong.push(`'ssl_mode' must be one of ${tlsModes(words).join(', ')}`);
    if (meaning === undefined || meaning === 'none') return { ssl: false, sslOptional: false, verifiesName: false };
    const verifiesName = meaning === 'name';
    const ssl: ConnectionOptions = { rejectUnauthorized: verifiesName || meaning === 'authority' };
    // Without the name, whoever the authority signed is trusted.
    if (meaning === 'authority') ssl.checkServerIdentity = () => undefined;
    for (const [field, option] of Object.entries(PEM)) {
      const value = options[field];
      if (value === undefined || value === null || value === '') continue;
      if (typeof value === 'string') ssl[option] = value;
      else this.wrong.push(`'ssl_mode.${field}' must be a text`);
    }
    return { ssl, sslOptional: meaning === 'optional', verifiesName };
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], otherwise: T): T {
    const found = allowed.find((each) => each === (this.fields[name] ?? otherwise));
    if (found === undefined) this.wrong.push(`'${name}' must be one of ${allowed.join(', ')}`);
    return found ?? otherwise;
  }

  /** Throws ConnectorError (config) that names everything that is wrong. */
  done(): void {
    if (this.wrong.length > 0)
      throw new ConnectorError('config', `The configuration is wrong: ${this.wrong.join('; ')}.`);
  }

  private parseUrl(url: string, scheme: string, tlsParameters: readonly string[]): JsonObject {
    try {
      const { hostname, port, pathname, username, password, searchParams } = new URL(url);
      const parts: JsonObject = {};
      if (hostname) parts.host = decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1');
      if (port) parts.port = Number(port);
      if (pathname.length > 1) parts.database = decodeURIComponent(pathname.slice(1));
      if (username) parts.username = decodeURIComponent(username);
      if (password) parts.password = decodeURIComponent(password);
      const mode = tlsParameters.map((each) => searchParams.get(each)).find((each) => each !== null);
      if (mode !== undefined) parts.ssl_mode = mode;
      return parts;
    } catch {
      this.wrong.push(`'url' is no URL of the form ${scheme}://user:password@host:port/database`);
      return {};
    }
  }
}

/** Every word that `ssl_mode` can be. */
export function tlsModes(words: TlsWords): string[] {
  return Object.values(words).flat();
}

/** The options of a TLS connection to this host, whatever address leads there. */
export function tlsTo(host: string, ssl: ConnectionOptions): ConnectionOptions {
  // An address cannot be a server name; the certificate is compared with it all the same.
  return { ...ssl, host, ...(isIP(host) === 0 ? { servername: host } : {}) };
}

/** `ssl_mode` of a configuration as JSON Schema. */
export function tlsSchema(words: TlsWords, otherwise: string, order: number): JsonObject {
  const mode: JsonObject = { type: 'string', enum: tlsModes(words) };
  const secret: JsonObject = { type: 'string', airbyte_secret: true };
  const certificates = Object.fromEntries(Object.keys(PEM).map((name) => [name, { ...secret }]));
  return {
    title: 'TLS',
    description: 'A mode, or an object with a mode and certificates in PEM.',
    oneOf: [{ ...mode }, { type: 'object', required: ['mode'], properties: { mode: { ...mode }, ...certificates } }],
    default: otherwise,
    order,
  };
}
