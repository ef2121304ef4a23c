import type { Json, JsonObject } from '@tidemark/protocol';

const TIMEOUT_SECONDS = 30;
const TIMEOUT_SECONDS_MAX = 600;

/** The SSH server that a database is reached through. */
export interface SshSettings {
  host: string;
  port: number;
  user: string;
  /** PEM or OpenSSH's own form; this or a password. */
  privateKey: string | undefined;
  passphrase: string | undefined;
  password: string | undefined;
  /** `SHA256:…` without padding; undefined: the key of the first connection is taken. */
  hostKey: string | undefined;
  timeoutSeconds: number;
}

/**
 * `ssh` of a configuration, or Airbyte's `tunnel_method`; undefined where the server is reached directly. What is wrong is
 * added to `wrong`, without any value.
 */
export function parseSshSettings(config: JsonObject, wrong: string[]): SshSettings | undefined {
  const { ssh, tunnel_method: tunnel } = config;
  const ours = ssh === undefined || ssh === null ? undefined : fieldsOf(ssh, 'ssh', wrong);
  const theirs = tunnel === undefined || tunnel === null ? undefined : airbyteFields(tunnel, wrong);
  if (ours && theirs) wrong.push(`'ssh' and 'tunnel_method' are the same: give one of them`);
  return ours || theirs ? settingsOf((ours ?? theirs)!, ours ? OUR_NAMES : AIRBYTE_NAMES, wrong) : undefined;
}

type Names = Readonly<Record<'host' | 'port' | 'username' | 'private_key' | 'password', string>>;

const OUR_NAMES: Names = {
  host: 'ssh.host',
  port: 'ssh.port',
  username: 'ssh.username',
  private_key: 'ssh.private_key',
  password: 'ssh.password',
};
const AIRBYTE_NAMES: Names = {
  host: 'tunnel_method.tunnel_host',
  port: 'tunnel_method.tunnel_port',
  username: 'tunnel_method.tunnel_user',
  private_key: 'tunnel_method.ssh_key',
  password: 'tunnel_method.tunnel_user_password',
};
const FIELDS = new Set([...Object.keys(OUR_NAMES), 'passphrase', 'host_key', 'timeout']);

function fieldsOf(value: Json, name: string, wrong: string[]): JsonObject | undefined {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const fields = value as JsonObject;
    const unknown = name === 'ssh' ? Object.keys(fields).filter((each) => !FIELDS.has(each)) : [];
    if (unknown.length > 0) wrong.push(`'ssh' has fields that nobody knows (it can have: ${[...FIELDS].join(', ')})`);
    return fields;
  }
  wrong.push(`'${name}' must be an object`);
  return undefined;
}

function airbyteFields(value: Json, wrong: string[]): JsonObject | undefined {
  const fields = fieldsOf(value, 'tunnel_method', wrong);
  const method = fields?.tunnel_method;
  if (!fields || method === 'NO_TUNNEL') return undefined;
  if (method !== 'SSH_KEY_AUTH' && method !== 'SSH_PASSWORD_AUTH') {
    wrong.push(`'tunnel_method.tunnel_method' must be one of NO_TUNNEL, SSH_KEY_AUTH, SSH_PASSWORD_AUTH`);
    return undefined;
  }
  const { tunnel_host: host, tunnel_port: port, tunnel_user: username, ssh_key, tunnel_user_password } = fields;
  const secret = method === 'SSH_KEY_AUTH' ? { private_key: ssh_key } : { password: tunnel_user_password };
  return { host, port, username, ...secret } as JsonObject;
}

function settingsOf(fields: JsonObject, names: Names, wrong: string[]): SshSettings {
  const text = (name: string, label = `ssh.${name}`): string | undefined => {
    const value = fields[name];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'string') return value;
    wrong.push(`'${label}' must be a text`);
    return undefined;
  };
  const host = text('host', names.host);
  const user = text('username', names.username);
  if (host === undefined) wrong.push(`'${names.host}' is missing`);
  if (user === undefined) wrong.push(`'${names.username}' is missing`);
  const port = Number(fields.port ?? 22);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    wrong.push(`'${names.port}' must be a number from 1 to 65535`);
  const privateKey = text('private_key', names.private_key);
  const password = text('password', names.password);
  if (privateKey === undefined && password === undefined)
    wrong.push(`'${names.private_key}' or '${names.password}' is missing`);
  const hostKey = text('host_key')?.replace(/=+$/, '');
  if (hostKey !== undefined && !/^SHA256:[A-Za-z0-9+/]{43}$/.test(hostKey))
    wrong.push(`'ssh.host_key' must be a fingerprint as ssh-keygen -lf prints it: SHA256: and 43 characters`);
  const timeoutSeconds = Number(fields.timeout ?? TIMEOUT_SECONDS);
  if (!(timeoutSeconds > 0 && timeoutSeconds <= TIMEOUT_SECONDS_MAX))
    wrong.push(`'ssh.timeout' must be a number of seconds up to ${TIMEOUT_SECONDS_MAX}`);
  const passphrase = text('passphrase');
  return { host: host ?? '', port, user: user ?? '', privateKey, passphrase, password, hostKey, timeoutSeconds };
}

/** `ssh` of a configuration as JSON Schema. */
export function sshSchema(order: number): JsonObject {
  return {
    type: 'object',
    title: 'SSH tunnel',
    description: 'The server is reached through this SSH server. Airbyte’s `tunnel_method` is taken as well.',
    required: ['host', 'username'],
    additionalProperties: false,
    properties: {
      host: { type: 'string', title: 'Host', order: 0 },
      port: { type: 'integer', title: 'Port', default: 22, minimum: 1, maximum: 65_535, order: 1 },
      username: { type: 'string', title: 'User', order: 2 },
      private_key: {
        type: 'string',
        title: 'Private key',
        description: 'PEM, or as ssh-keygen writes it. This or a password.',
        multiline: true,
        airbyte_secret: true,
        order: 3,
      },
      passphrase: { type: 'string', title: 'Passphrase of the key', airbyte_secret: true, order: 4 },
      password: { type: 'string', title: 'Password', airbyte_secret: true, order: 5 },
      host_key: {
        type: 'string',
        title: 'Fingerprint of the server’s key',
        description: 'SHA256:…, as `ssh-keygen -lf` prints it. Without it the key of the first connection is taken.',
        order: 6,
      },
      timeout: {
        type: 'number',
        title: 'Time-out in seconds',
        default: TIMEOUT_SECONDS,
        exclusiveMinimum: 0,
        maximum: TIMEOUT_SECONDS_MAX,
        order: 7,
      },
    },
    order,
  };
}
