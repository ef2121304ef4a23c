import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What came to the server. */
export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A real HTTP server on a free port that keeps what it is sent and answers as it is told. */
export class HookServer {
  readonly received: Received[] = [];
  /** The status of each answer in turn; 0: never an answer. The last one goes on. */
  answers: number[] = [200];
  headers: Record<string, string> = {};
  /** Hears of every request. */
  onRequest: (() => void) | undefined;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<HookServer> {
    const server = createServer();
    const hooks = new HookServer(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        hooks.received.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) });
        const status = hooks.answers.length > 1 ? hooks.answers.shift()! : hooks.answers[0]!;
        if (status !== 0) response.writeHead(status, hooks.headers).end('taken');
        hooks.onRequest?.();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return hooks;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The bodies as JSON. */
  bodies<T>(): T[] {
    return this.received.map(({ body }) => JSON.parse(body.toString('utf8')) as T);
  }

  /** Everything as it was at the start. */
  reset(): void {
    this.received.splice(0);
    this.answers = [200];
    this.headers = {};
    this.onRequest = undefined;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => void this.server.close(() => resolve()));
  }
}
