import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { ConnectorError } from '@tidemark/source';
import type { Client, ConnectConfig } from 'ssh2';
import type { Route } from './route.js';
import { forwardingProblem, sshProblem } from './ssh-problem.js';
import type { SshSettings } from './ssh-settings.js';

const LOOPBACK = '127.0.0.1';
/** A tunnel that answers nothing is given up after the third of these. */
const KEEP_ALIVE_MS = 10_000;

/**
 * A way to a server by an SSH server: a port on this machine's loopback address whose connections are forwarded. The SSH
 * connection is made when it is first needed, and again when it was cut; the port stays the same.
 */
export class SshTunnel implements Route {
  private opening: Promise<Client> | undefined;
  private current: Client | undefined;
  private listening: Promise<Server> | undefined;
  private readonly sockets = new Set<Socket>();
  /** The key that was taken at the first connection: the later ones must have it too. */
  private knownKey: string | undefined;
  private refusal: ConnectorError | undefined;
  private isClosed = false;

  constructor(
    private readonly settings: SshSettings,
    private readonly target: { host: string; port: number },
    private readonly warn: (message: string) => void,
  ) {
    this.knownKey = settings.hostKey;
  }

  async address(): Promise<{ host: string; port: number }> {
    await this.client();
    this.listening ??= this.listen();
    const server = await this.listening;
    return { host: LOOPBACK, port: (server.address() as AddressInfo).port };
  }

  problem(): ConnectorError | undefined {
    const { refusal } = this;
    this.refusal = undefined;
    return refusal;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const socket of this.sockets) socket.destroy();
    const server = await this.listening;
    if (server?.listening) await new Promise((resolve) => server.close(resolve));
    const client = await this.opening?.catch(() => undefined);
    client?.end();
    client?.destroy();
  }

  private async listen(): Promise<Server> {
    const server = createServer({ noDelay: true }, (socket) => void this.forward(socket));
    server.listen(0, LOOPBACK);
    await once(server, 'listening');
    return server;
  }

  private async forward(socket: Socket): Promise<void> {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    // What a socket fails with, its driver tells.
    socket.on('error', () => undefined);
    const { host, port } = this.target;
    try {
      const client = await this.client();
      const channel = await new Promise<NodeJS.ReadWriteStream & { destroy(): void }>((resolve, reject) =>
        client.forwardOut(LOOPBACK, socket.remotePort ?? 0, host, port, (error, stream) =>
          error ? reject(error) : resolve(stream),
        ),
      );
      this.refusal = undefined;
      if (socket.destroyed) {
        channel.destroy();
        return;
      }
      channel.on('error', () => socket.destroy());
      channel.on('close', () => socket.destroySoon());
      socket.on('close', () => channel.destroy());
      socket.pipe(channel).pipe(socket);
    } catch (error) {
      this.refusal = forwardingProblem(error, this.settings, this.target);
      socket.destroy();
    }
  }

  private client(): Promise<Client> {
    if (this.isClosed) return Promise.reject(new ConnectorError('system', 'The SSH tunnel is closed.'));
    this.opening ??= this.open().catch((error) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  private async open(): Promise<Client> {
    const { default: ssh2 } = await import('ssh2');
    const { settings } = this;
    const config: ConnectConfig = {
      host: settings.host,
      port: settings.port,
      username: settings.user,
      readyTimeout: Math.round(settings.timeoutSeconds * 1000),
      keepaliveInterval: KEEP_ALIVE_MS,
      tryKeyboard: settings.password !== undefined,
      ...(settings.password === undefined ? {} : { password: settings.password }),
      ...privateKey(settings, ssh2.utils.parseKey),
    };
    const client = new ssh2.Client();
    let wrongKey: ConnectorError | undefined;
    config.hostVerifier = (key: Buffer) => {
      wrongKey = this.judgeKey(key);
      return wrongKey === undefined;
    };
    client.on('keyboard-interactive', (_name, _instructions, _language, prompts, finish) =>
      finish(prompts.map(() => settings.password ?? '')),
    );
    await new Promise<void>((resolve, reject) => {
      const fail = (error: unknown) => {
        reject(wrongKey ?? sshProblem(error, settings));
        client.destroy();
      };
      // The handshake is many small messages, each of which would wait for the one before it.
      client.on('connect', () => client.setNoDelay(true));
      client.on('ready', () => {
        this.current = client;
        resolve();
      });
      client.on('error', fail);
      client.on('close', () => {
        if (this.current === client) this.cut();
        fail(new Error('The server closed the connection'));
      });
      client.connect(config);
    });
    return client;
  }

  /** The next connection opens the tunnel again; those through the old one are lost. */
  private cut(): void {
    this.current = undefined;
    this.opening = undefined;
    for (const socket of this.sockets) socket.destroy();
  }

  /** Undefined: the key is the server's. */
  private judgeKey(key: Buffer): ConnectorError | undefined {
    const { host, port } = this.settings;
    const met = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
    if (this.knownKey === undefined) {
      this.knownKey = met;
      this.warn(
        `The key of the SSH server ${host}:${port} is taken without a check: ${met} (${keyType(key)}). Give it as 'ssh.host_key' once you know that it is right.`,
      );
    }
    if (this.knownKey === met) return undefined;
    return new ConnectorError(
      'config',
      `The SSH server ${host}:${port} has the key ${met} (${keyType(key)}), not ${this.knownKey}: it is another server, or got another key. Nothing was sent to it. Compare with 'ssh-keygen -lf' on the server before you change 'ssh.host_key'.`,
    );
  }
}

/** The first field of a key says what it is, as `ssh-ed25519`. */
function keyType(key: Buffer): string {
  const type = key.length > 4 ? key.toString('latin1', 4, 4 + Math.min(key.readUInt32BE(0), 40)) : '';
  return /^[a-z0-9@.-]+$/.test(type) ? type : 'of an unknown type';
}

function privateKey(
  { privateKey: key, passphrase }: SshSettings,
  parseKey: typeof import('ssh2').utils.parseKey,
): Pick<ConnectConfig, 'privateKey' | 'passphrase'> {
  if (key === undefined) return {};
  const parsed = parseKey(key, passphrase);
  const why =
    parsed instanceof Error
      ? /passphrase|decrypt|integrity/i.test(parsed.message)
        ? 'is encrypted, and the passphrase is missing or wrong'
        : 'is none that can be read (PEM, or as ssh-keygen writes it)'
      : (Array.isArray(parsed) ? parsed[0] : parsed)?.isPrivateKey()
        ? undefined
        : 'is a public key';
  if (why !== undefined) throw new ConnectorError('config', `The private key for the SSH server ${why}.`);
  return { privateKey: key, ...(passphrase === undefined ? {} : { passphrase }) };
}
