import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { AUTHORITY, fieldsOfUrl, type UrlForm } from './connection-url.js';
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
  private readonly url: JsonObject | undefined;
  private readonly nothing: string | undefined;

  constructor(config: JsonObject, form: UrlForm) {
    const given = Object.entries(config).filter(([, value]) => value !== undefined && value !== null);
    this.url = given.some(([name]) => name === 'url') ? this.fieldsOf(config.url, form) : {};
    if (given.length === 0)
      this.nothing = `Nothing says which server to connect to: give a configuration (--config) with the fields of a connection, or a URL of the form ${form.schemes[0]}://user:password@host:port/database.`;
    this.fields = { ...this.url, ...Object.fromEntries(given) };
    this.wrong.push(...given.flatMap(([name, value]) => passedOverTls(name, value)));
  }

  /** A text that is not empty. */
  text(name: string, otherwise?: string): string {
    const value = this.fields[name] ?? otherwise;
    if (typeof value === 'string' && value !== '') return value;
    if (value !== undefined) this.wrong.push(`'${name}' must be a text that is not empty`);
    // Of a URL that cannot be read nobody knows what it lacks.
    else if (this.url) this.wrong.push(`'${name}' is missing`);
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
    const verifiesName = meaning === 'name';
    const ofUrl = this.fields[AUTHORITY];
    if (ofUrl !== undefined && !verifiesName && meaning !== 'authority')
      this.wrong.push(
        `'url' names certificates of authorities, and with 'ssl_mode' ${mode} no certificate is looked at: set it to ${[...words.authority, ...words.name].join(' or ')}`,
      );
    if (meaning === undefined || meaning === 'none') return { ssl: false, sslOptional: false, verifiesName: false };
    const ssl: ConnectionOptions = { rejectUnauthorized: verifiesName || meaning === 'authority' };
    // Without the name, whoever the authority signed is trusted.
    if (meaning === 'authority') ssl.checkServerIdentity = () => undefined;
    if (typeof ofUrl === 'string' && ofUrl !== '') ssl.ca = ofUrl;
    for (const [field, option] of Object.entries(PEM)) {
      const value = options[field];
      if (value === undefined || value === null || value === '') continue;
      if (typeof value === 'string') ssl[option] = value;
      else this.wrong.push(`'ssl_mode.${field}' must be a text`);
    }
    return { ssl, sslOptional: meaning === 'optional', verifiesName };
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], otherwise: T): T {
    const found = allowed.find((each) => each === String(this.fields[name] ?? otherwise));
    if (found === undefined) this.wrong.push(`'${name}' must be one of ${allowed.join(', ')}`);
    return found ?? otherwise;
  }

  /** Throws ConnectorError (config) that names everything that is wrong. */
  done(): void {
    if (this.nothing !== undefined && this.wrong.length > 0) throw new ConnectorError('config', this.nothing);
    if (this.wrong.length > 0)
      throw new ConnectorError('config', `The configuration is wrong: ${this.wrong.join('; ')}.`);
  }

  private fieldsOf(url: Json | undefined, form: UrlForm): JsonObject | undefined {
    if (typeof url === 'string') return fieldsOfUrl(url, form, this.wrong);
    this.wrong.push(`'url' must be a text`);
    return undefined;
  }
}

/** A setting of TLS under a name that is none: passed over it would leave the connection without what was asked for. */
function passedOverTls(name: string, value: Json | undefined): string[] {
  const meant = ['ssl_mode', 'ssl_method'].find(
    (each) => each.replace('_', '') === name.replace(/[-_]/g, '').toLowerCase(),
  );
  if (meant !== undefined && meant !== name) return [`'${name}' is not known: it is written '${meant}'`];
  if (name === 'jdbc_url_params' && /ssl|tls|encrypt|trust/i.test(String(value)))
    return [`'jdbc_url_params' is not taken, and it speaks of TLS: set 'ssl_mode' (SQL Server: 'ssl_method') instead`];
  return [];
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
