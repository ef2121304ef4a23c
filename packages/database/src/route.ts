import type { ConnectorError, RunContext } from '@tidemark/source';
import type { ServerFields } from './connection-fields.js';

/** How a database's server is reached. */
export interface Route {
  /** Where a driver has to connect to now. Opens the tunnel, also anew where it was cut. Throws ConnectorError. */
  address(): Promise<{ host: string; port: number }>;
  /** Why the way's other end was not reached, where the way knows more than the driver that was cut off. */
  problem(): ConnectorError | undefined;
  close(): Promise<void>;
}

/** The way to a server: its own host and port, or an SSH tunnel that is opened when it is first needed. */
export async function routeTo({ host, port, ssh }: ServerFields, context: RunContext): Promise<Route> {
  if (!ssh) return directRoute(host, port);
  for (const secret of [ssh.password, ssh.passphrase, ssh.privateKey])
    if (secret !== undefined) context.addSecret(secret);
  const { SshTunnel } = await import('./ssh-tunnel.js');
  return new SshTunnel(ssh, { host, port }, (message) => context.log('WARN', message));
}

/** A server that is reached without a tunnel. */
export function directRoute(host: string, port: number): Route {
  return { address: async () => ({ host, port }), problem: () => undefined, close: async () => undefined };
}
