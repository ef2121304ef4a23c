import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Clients } from './clients.js';
import { type CopiedRows, copyOut } from './copy-out.js';
import { isWorthAnotherTry, postgresError } from './errors.js';
import type { Snapshot } from './snapshot.js';

const TRIES = 5;
const WAIT_MS = 200;

/** What a copy is asked for. */
export interface CopyOrder {
  /** `COPY …`, with one query after it that gives a single value. Made anew for each try. */
  statement: () => string;
  /** Buffer of an earlier copy that nobody needs any more. */
  into: Buffer | undefined;
  bytesMax: number;
  /** Called before another try: the next statement should ask for less. */
  onRetry?: () => void;
  signal: AbortSignal;
}

/**
 * One reader's session on the server: taken from the pool when it is first used, replaced when it breaks. Statements that
 * failed for a passing reason (a standby's conflict, a timeout, a lost connection) are tried again, smaller.
 */
export class ReaderSession {
  private client: Client | undefined;

  constructor(
    private readonly clients: Clients,
    private readonly doing: string,
    private readonly snapshot?: Snapshot,
  ) {}

  /** Throws ConnectorError. */
  async copy(order: CopyOrder): Promise<CopiedRows> {
    for (let tries = 1; ; tries++) {
      try {
        const client = await this.open();
        const { long } = this.clients;
        const copied = await long.during(copyOut(client, order.statement(), order.into, order.bytesMax));
        if (copied.isCut) this.discard();
        return copied;
      } catch (error) {
        this.discard();
        if (tries >= TRIES || order.signal.aborted || !isWorthAnotherTry(error)) throw postgresError(error, this.doing);
        order.onRetry?.();
        await sleep(WAIT_MS * 2 ** (tries - 1));
      }
    }
  }

  close(): void {
    if (!this.client) return;
    // A session inside a snapshot's transaction is of no use to others.
    this.clients.release(this.client, this.snapshot !== undefined);
    this.client = undefined;
  }

  private async open(): Promise<Client> {
    if (this.client) return this.client;
    const client = await this.clients.take();
    try {
      await this.snapshot?.adopt(client);
    } catch (error) {
      this.clients.release(client, true);
      throw error;
    }
    this.client = client;
    return client;
  }

  private discard(): void {
    if (this.client) this.clients.release(this.client, true);
    this.client = undefined;
  }
}
