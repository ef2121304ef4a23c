import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { MongoClientOptions } from 'mongodb';
import { checkParameters } from './url-parameters.js';

/** Which members of a replica set are read; MongoDB's own words. */
export const READ_PREFERENCES = ['primary', 'primaryPreferred', 'secondary', 'secondaryPreferred', 'nearest'] as const;
const SSL_MODES = ['disabled', 'required', 'verify_ca', 'verify_identity'] as const;
const CAPTURE_MODES = ['lookup', 'post_image'] as const;
const SELECTION_TIMEOUT_MS = 15_000;

/** What is needed to reach a MongoDB server, and how its collections are described. */
export interface MongoConfig {
  uri: string;
  options: MongoClientOptions;
  /** The database that is read where `schemas` names none. */
  database: string;
  /** For messages and grants; empty where none is given. */
  user: string;
  /** Texts that must not be printed. */
  secrets: string[];
  /** Records are `{_id, data}`: nothing is sampled. */
  schemaless: boolean;
  /** Documents of a collection that its schema is made from. */
  sampleSize: number;
  /** After this time a sample is given up for the first documents by `_id`. */
  sampleSeconds: number;
  /** What a change has as its document: the one that is there when it is looked up, or the stored one. */
  updateCapture: (typeof CAPTURE_MODES)[number];
}

const NOTHING =
  'Nothing says which server to connect to: give a configuration (--config) with the fields of a connection, or a URL of the form mongodb://user:password@host:port/database.';

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/**
 * The configuration as this dialect understands it: fields, or a `url` (`connection_string`) that the fields add to.
 * Throws ConnectorError (config) that names everything that is wrong; no value of it is printed.
 */
export function parseMongoConfig(config: JsonObject): MongoConfig {
  const wrong: string[] = [];
  const fields = new Fields(config, wrong);
  const url = fields.text('url') ?? fields.text('connection_string');
  const given = url === undefined ? {} : partsOfUrl(url, wrong);
  if (url !== undefined && wrong.length === 0) checkParameters(url, isGiven(config.ssl_mode), wrong);
  if (!Object.values(config).some(isGiven)) throw new ConnectorError('config', NOTHING);
  const uri = url ?? addressOf(fields, wrong);
  const database = fields.text('database') ?? given.database;
  if (!database && !wrong.length) wrong.push(`'database' is missing`);
  const user = fields.text('username') ?? fields.text('user') ?? given.user ?? '';
  const password = fields.text('password');
  // A replica set names its members itself: they could not be reached through one tunnel.
  const tunnel = (config.tunnel_method ?? null) as { tunnel_method?: unknown } | null;
  if (isGiven(config.ssh) || (isGiven(tunnel) && tunnel?.tunnel_method !== 'NO_TUNNEL'))
    wrong.push(`'ssh' is not supported for MongoDB: open the tunnel outside and give its address`);
  const options: MongoClientOptions = {
    ...connectionOptions(fields, url ?? ''),
    ...tlsOptions(config.ssl_mode, wrong),
  };
  if (password !== undefined && user === '') wrong.push(`'username' is missing, and 'password' is given`);
  if (fields.text('username') !== undefined || password !== undefined) {
    options.auth = { username: user, password: password ?? given.password ?? '' };
    if (!/[?&]authSource=/i.test(url ?? '')) options.authSource = 'admin';
  }
  const authSource = fields.text('auth_source');
  if (authSource !== undefined) options.authSource = authSource;
  const settings = {
    schemaless: fields.flag('schemaless', false),
    sampleSize: fields.whole('discover_sample_size', 1_000, 1, 100_000),
    sampleSeconds: fields.whole('discover_timeout_seconds', 30, 1, 1_200),
    updateCapture: fields.oneOf('update_capture_mode', CAPTURE_MODES, 'lookup'),
  };
  if (wrong.length > 0) throw new ConnectorError('config', `The configuration is wrong: ${wrong.join('; ')}.`);
  const secrets = [password, given.password, given.rawPassword].filter((each): each is string => !!each);
  return { uri, options, database: database!, user, secrets, ...settings };
}

class Fields {
  constructor(
    private readonly config: JsonObject,
    private readonly wrong: string[],
  ) {}

  text(name: string): string | undefined {
    const value = this.config[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string' && value !== '') return value;
    this.wrong.push(`'${name}' must be a text that is not empty`);
    return undefined;
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.config[name] ?? otherwise;
    if (typeof value !== 'boolean') this.wrong.push(`'${name}' must be true or false`);
    return value === true;
  }

  whole(name: string, otherwise: number, least: number, most: number): number {
    const value = Number(this.config[name] ?? otherwise);
    if (!Number.isInteger(value) || value < least || value > most)
      this.wrong.push(`'${name}' must be a whole number from ${least} to ${most}`);
    return value;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], otherwise: T): T {
    const value = this.config[name] ?? otherwise;
    const found = allowed.find((each) => each === value);
    if (found === undefined) this.wrong.push(`'${name}' must be one of ${allowed.join(', ')}`);
    return found ?? otherwise;
  }
}

interface UrlParts {
  database?: string;
  user?: string;
  password?: string;
  rawPassword?: string;
}

/** No more than what is needed here: the driver reads the rest, and says what is wrong with it. */
function partsOfUrl(url: string, wrong: string[]): UrlParts {
  const match = /^mongodb(?:\+srv)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?[^/?]+(?:\/([^?]*))?/.exec(url);
  if (!match) {
    wrong.push(`'url' is no URL of the form mongodb://user:password@host:port/database`);
    return {};
  }
  try {
    const [, user, rawPassword, database] = match;
    return {
      ...(user ? { user: decodeURIComponent(user) } : {}),
      ...(rawPassword ? { password: decodeURIComponent(rawPassword), rawPassword } : {}),
      ...(database ? { database: decodeURIComponent(database) } : {}),
    };
  } catch {
    wrong.push(`'url' has a '%' that is none of its encoding`);
    return {};
  }
}

function addressOf(fields: Fields, wrong: string[]): string {
  const host = fields.text('host') ?? 'localhost';
  if (!/^[\w.:[\]-]+$/.test(host)) wrong.push(`'host' must be a host name or address`);
  const port = fields.whole('port', 27_017, 1, 65_535);
  return `mongodb://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}/`;
}

function connectionOptions(fields: Fields, url: string): MongoClientOptions {
  const has = (option: string): boolean => new RegExp(`[?&]${option}=`, 'i').test(url);
  const options: MongoClientOptions = { appName: 'tidemark', retryReads: true, retryWrites: false };
  // Options of the URL win where no field says otherwise.
  if (!has('serverSelectionTimeoutMS')) options.serverSelectionTimeoutMS = SELECTION_TIMEOUT_MS;
  const preference = fields.text('read_preference');
  if (preference !== undefined || !has('readPreference'))
    options.readPreference = fields.oneOf('read_preference', READ_PREFERENCES, 'secondaryPreferred');
  const replicaSet = fields.text('replica_set');
  if (replicaSet !== undefined) options.replicaSet = replicaSet;
  const mechanism = fields.text('auth_mechanism');
  if (mechanism !== undefined) options.authMechanism = mechanism as NonNullable<MongoClientOptions['authMechanism']>;
  return options;
}

function tlsOptions(given: unknown, wrong: string[]): MongoClientOptions {
  if (given === undefined || given === null) return {};
  const fields = (typeof given === 'object' ? given : { mode: given }) as JsonObject;
  const mode = SSL_MODES.find((each) => each === String(fields.mode).toLowerCase());
  if (mode === undefined) wrong.push(`'ssl_mode' must be one of ${SSL_MODES.join(', ')}`);
  if (mode === undefined || mode === 'disabled') return { tls: false };
  const options: MongoClientOptions = { tls: true };
  if (mode === 'required') options.tlsAllowInvalidCertificates = true;
  if (mode === 'verify_ca') options.tlsAllowInvalidHostnames = true;
  const pem = {
    ca_certificate: 'ca',
    client_certificate: 'cert',
    client_key: 'key',
    client_key_password: 'passphrase',
  };
  for (const [field, option] of Object.entries(pem) as [string, 'ca' | 'cert' | 'key' | 'passphrase'][]) {
    const value = fields[field];
    if (value === undefined || value === null || value === '') continue;
    if (typeof value === 'string') options[option] = value;
    else wrong.push(`'ssl_mode.${field}' must be a text`);
  }
  return options;
}
