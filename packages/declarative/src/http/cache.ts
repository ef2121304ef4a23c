import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiRequest } from './client.js';
import { type ApiResponse, BufferedResponse, type ResponseHead } from './response.js';

/** How much a cache may hold. */
export interface CacheOptions {
  /** Bytes of bodies in memory; beyond them they go to a temporary file. */
  memoryBytesMax?: number;
  /** Bytes in the temporary file; beyond them new answers are not kept. */
  fileBytesMax?: number;
}

interface Entry {
  head: ResponseHead;
  size: number;
  body?: Uint8Array;
  /** The body counts as one in memory. */
  isCounted: boolean;
  offset?: number;
}

/** Keeps answers for all streams of a source. Each use gets a response of its own, so that nobody changes another's records. */
export class ResponseCache {
  private readonly entries = new Map<string, Entry>();
  private readonly flights = new Map<string, Promise<ApiResponse>>();
  private inMemory = 0;
  private inFile = 0;
  /** Bytes of all bodies, wherever they are; those that were replaced in the file still take their room there. */
  private total = 0;
  private file: Promise<{ handle: FileHandle; folder: string }> | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly options: CacheOptions = {}) {}

  /** The kept answer, or the one that `ask` gets; the same request is on its way once at a time. Only answers of status 200 are kept. */
  async fetch(
    request: ApiRequest,
    options: { signal: AbortSignal; refresh?: boolean },
    ask: () => Promise<ApiResponse>,
  ): Promise<ApiResponse> {
    const key = keyOf(request);
    // Nothing is awaited between looking for a flight and starting one: two readers never start the same.
    for (;;) {
      const entry = options.refresh ? undefined : this.entries.get(key);
      if (entry) return new BufferedResponse(entry.head, entry.body ?? (await this.load(entry)));
      const flight = options.refresh ? undefined : this.flights.get(key);
      if (!flight) return this.fly(key, ask());
      // Another's failure is not ours: ask again. Ours ends when our own signal does.
      const response = await abortable(
        flight.catch(() => undefined),
        options.signal,
      );
      if (response) return new BufferedResponse(response, response.bytes());
      if (this.flights.get(key) === flight) this.flights.delete(key);
    }
  }

  private async fly(key: string, flight: Promise<ApiResponse>): Promise<ApiResponse> {
    this.flights.set(key, flight);
    try {
      const response = await flight;
      if (response.status === 200) this.keep(key, response);
      return response;
    } finally {
      if (this.flights.get(key) === flight) this.flights.delete(key);
    }
  }

  async close(): Promise<void> {
    this.entries.clear();
    await this.writing;
    const file = await this.file?.catch(() => undefined);
    this.file = undefined;
    if (!file) return;
    await file.handle.close();
    await rm(file.folder, { recursive: true, force: true });
  }

  private keep(key: string, response: ApiResponse): void {
    const body = response.bytes();
    const size = body.length;
    const before = this.entries.get(key);
    if (before?.isCounted) {
      this.inMemory -= before.size;
      this.total -= before.size;
    }
    this.entries.delete(key);
    if (this.total + size > (this.options.fileBytesMax ?? 2 ** 30)) return;
    this.total += size;
    const { status, headers, url, request } = response;
    this.entries.set(key, { head: { status, headers, url, request }, size, body, isCounted: true });
    this.inMemory += size;
    if (this.inMemory > (this.options.memoryBytesMax ?? 16 * 2 ** 20))
      this.writing = this.writing.then(() => this.spill());
  }

  /** Moves the oldest bodies to the file until memory is within its bound. */
  private async spill(): Promise<void> {
    for (const [key, entry] of this.entries) {
      if (this.inMemory <= (this.options.memoryBytesMax ?? 16 * 2 ** 20)) return;
      if (!entry.isCounted || entry.body === undefined) continue;
      const body = entry.body;
      entry.isCounted = false;
      this.inMemory -= body.length;
      try {
        const { handle } = await this.open();
        const offset = this.inFile;
        this.inFile += body.length;
        await handle.write(body, 0, body.length, offset);
        entry.offset = offset;
      } catch {
        // A full disk costs only the cache.
        this.entries.delete(key);
      }
      entry.body = undefined;
    }
  }

  private async load(entry: Entry): Promise<Uint8Array> {
    const { handle } = await this.open();
    const body = Buffer.allocUnsafe(entry.size);
    let done = 0;
    while (done < entry.size) {
      const { bytesRead } = await handle.read(body, done, entry.size - done, entry.offset! + done);
      if (bytesRead === 0) throw new Error('The temporary file of the response cache ends too early.');
      done += bytesRead;
    }
    return body;
  }

  private open() {
    this.file ??= (async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tidemark-'));
      const path = join(folder, 'responses');
      const handle = await open(path, 'wx+', 0o600);
      // Without a name it is gone with the process, however that ends; where the system does not allow it, `close` removes it.
      await rm(folder, { recursive: true, force: true }).catch(() => {});
      return { handle, folder };
    })();
    return this.file;
  }
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  setMaxListeners(0, signal);
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

const IRRELEVANT = new Set(['user-agent', 'accept-encoding', 'connection']);

/** Method, URL, headers and body as one short text: credentials are part of it, but not readable in it. */
function keyOf(request: ApiRequest): string {
  const headers = Object.entries(request.headers)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => !IRRELEVANT.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify([request.method, request.url, headers]));
  return hash.update(request.body ?? '').digest('base64url');
}
