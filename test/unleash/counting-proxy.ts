import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that hands every request on and remembers which ones were answered. */
export interface CountingProxy {
  readonly url: string;
  /** Paths with query, in the order of the answers. */
  readonly answered: string[];
  close(): Promise<void>;
}

/** Stands before `target`. `onAnswer` is told the number of answers so far, before each is sent. */
export async function startCountingProxy(target: string, onAnswer: (count: number) => void): Promise<CountingProxy> {
  const answered: string[] = [];
  const server = createServer(async (request, response) => {
    try {
      const answer = await fetch(target + request.url, {
        headers: { authorization: request.headers.authorization ?? '' },
      });
      const body = Buffer.from(await answer.arrayBuffer());
      answered.push(request.url ?? '');
      onAnswer(answered.length);
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
      response.end(body);
    } catch {
      response.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answered,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
