import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createHttpClient } from '../../src/http/client.js';
import { sleeper } from '../../src/http/sleep.js';
import { createTransport } from '../../src/http/undici-transport.js';

it('says that it is alive with every answer and every piece of a body, held or streamed', async () => {
  const server = createServer(async (_request, response) => {
    for (let piece = 0; piece < 5; piece++) {
      response.write('x'.repeat(100));
      await pause(20);
    }
    response.end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    for (const streamed of [false, true]) {
      let beats = 0;
      const alive = () => {
        beats++;
      };
      const transport = createTransport({ responseBytesMax: 1e6, alive, env: {} });
      const client = createHttpClient({ transport, alive });
      const { signal } = new AbortController();
      const response = await client.send({ method: 'GET', url, headers: {}, streamed }, { signal });
      let bytes = 0;
      for await (const chunk of response.stream()) bytes += chunk.length;
      expect(bytes).toBe(500);
      expect(beats).toBeGreaterThanOrEqual(3);
      await client.close();
    }
  } finally {
    server.close();
  }
});

it('says so while it waits on purpose', async () => {
  let beats = 0;
  const wait = sleeper(() => {
    beats++;
  });
  await wait(1_200, new AbortController().signal);
  expect(beats).toBeGreaterThanOrEqual(2);
  const stop = new AbortController();
  stop.abort(new Error('stopped'));
  await expect(wait(10, stop.signal)).rejects.toThrow('stopped');
});
