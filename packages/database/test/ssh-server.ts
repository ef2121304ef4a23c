import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import ssh2, { type AuthContext, type Connection, type PublicKeyAuthContext } from 'ssh2';

/** Who may sign in, and how; the server forwards connections to wherever it is asked to. */
export interface SshAccess {
  user: string;
  password: string;
  /** By questions and answers instead of the plain method, as many servers ask for a password. */
  asksForPassword?: boolean;
  /** A private key in PEM whose owner may sign in. */
  privateKey: string;
  forbidsForwarding?: boolean;
  /** Names that this server knows as its own machine. */
  names?: readonly string[];
  /** The server's own key; absent: a new one. */
  hostKey?: string;
  port?: number;
}

/** An SSH server (ssh2's own) on a free loopback port. */
export interface SshServer {
  port: number;
  /** As `ssh-keygen -lf` prints it. */
  fingerprint: string;
  hostKey: string;
  /** How many connections have been forwarded, and how many SSH connections made. */
  counts: { forwarded: number; connections: number };
  /** Ends every SSH connection without a word. */
  cut(): void;
  stop(): Promise<void>;
}

export function newKey(options?: { passphrase: string }): string {
  const encryption = options ? { ...options, cipher: 'aes256-cbc', rounds: 1 } : {};
  return ssh2.utils.generateKeyPairSync('ed25519', encryption).private;
}

function parsed(key: string) {
  const parsed = ssh2.utils.parseKey(key);
  if (parsed instanceof Error) throw parsed;
  return parsed;
}

export async function startSshServer(access: SshAccess): Promise<SshServer> {
  const hostKey = access.hostKey ?? newKey();
  const digest = createHash('sha256').update(parsed(hostKey).getPublicSSH()).digest('base64');
  const counts = { forwarded: 0, connections: 0 };
  const clients = new Set<Connection>();
  const sockets = new Set<Socket>();
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    counts.connections++;
    (client as unknown as { _sock: Socket })._sock.setNoDelay(true);
    clients.add(client);
    client.on('close', () => clients.delete(client));
    client.on('error', () => undefined);
    client.on('authentication', (attempt) => authenticate(attempt, access));
    client.on('tcpip', (accept, reject, { destIP, destPort }) => {
      if (access.forbidsForwarding) {
        reject();
        return;
      }
      const socket = connect(destPort, access.names?.includes(destIP) ? '127.0.0.1' : destIP);
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.once('error', () => reject());
      socket.once('connect', () => {
        const channel = accept();
        counts.forwarded++;
        socket.on('error', () => channel.destroy());
        channel.on('error', () => socket.destroy());
        channel.on('close', () => socket.destroy());
        socket.pipe(channel).pipe(socket);
      });
    });
  });
  server.listen(access.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const client of clients) (client as unknown as { _sock: Socket })._sock.destroy();
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    fingerprint: `SHA256:${digest.replace(/=+$/, '')}`,
    hostKey,
    counts,
    cut,
    async stop() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function authenticate(attempt: AuthContext, access: SshAccess): void {
  const { user, password, asksForPassword } = access;
  const mayEnter = (isRight: boolean): void => {
    if (isRight) attempt.accept();
    else attempt.reject(asksForPassword ? ['keyboard-interactive', 'publickey'] : ['password', 'publickey']);
  };
  if (attempt.username !== user) mayEnter(false);
  else if (attempt.method === 'password') mayEnter(!asksForPassword && attempt.password === password);
  else if (attempt.method === 'publickey') mayEnter(isSignedBy(access.privateKey, attempt));
  else if (attempt.method === 'keyboard-interactive' && asksForPassword)
    attempt.prompt([{ prompt: 'Password: ', echo: false }], (answers) => mayEnter(answers[0] === password));
  else mayEnter(false);
}

function isSignedBy(privateKey: string, { key: { data }, blob, signature, hashAlgo }: PublicKeyAuthContext): boolean {
  const key = parsed(privateKey);
  const known = key.getPublicSSH();
  if (known.length !== data.length || !timingSafeEqual(known, data)) return false;
  // Without a signature it is only asked whether the key would do.
  return !signature || key.verify(blob!, signature, hashAlgo) === true;
}
