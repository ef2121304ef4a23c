import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { createDatabaseSource } from '../../src/index.js';
import { context } from '../reading.js';

afterEach(() => void vi.useRealTimers());

it('a host that takes the connection and says nothing is given up at once, and told as that', async () => {
  const taken: Socket[] = [];
  const server = createServer((socket) => void taken.push(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const source = await createDatabaseSource({ dialect: 'postgres' });
  const config = { host: '127.0.0.1', port, database: 'shop', username: 'reader', password: 'the-password' };
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let failure: unknown;
  const connecting = source.connect(config, context()).catch((error: unknown) => {
    failure = error;
  });
  while (failure === undefined) {
    // The time-out runs from when the socket is there.
    if (taken.length > 0) await vi.advanceTimersByTimeAsync(30_000);
    await setImmediate();
  }
  await connecting;
  expect(failure).toMatchObject({ kind: 'transient' });
  expect((failure as Error).message).toBe(
    `Connecting to 127.0.0.1:${port}/shop failed. The server does not answer: nothing came in 30 seconds. Look whether this is the port of a PostgreSQL server, and whether a firewall is between.`,
  );
  expect(taken).toHaveLength(1);
  for (const socket of taken) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
