import type { Client, Clients } from './clients.js';
import { literal } from './sql.js';

const BEGIN = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

/**
 * One moment that all chunks of an attempt see: a transaction that stays open as long as the load of any table goes on, whose
 * snapshot the readers adopt. The server keeps dead rows for as long; that is why it has to be asked for.
 */
export class Snapshot {
  private holder: Promise<{ client: Client; id: string }> | undefined;

  constructor(private readonly clients: Clients) {}

  /** Puts the session into a transaction that sees this moment. Throws what the driver throws. */
  async adopt(client: Client): Promise<void> {
    this.holder ??= this.export().catch((error) => {
      // Nothing has been read at this moment: the next who asks may have another.
      this.holder = undefined;
      throw error;
    });
    const { id } = await this.holder;
    await this.run(client, BEGIN);
    await this.run(client, `SET TRANSACTION SNAPSHOT ${literal(id)}`);
  }

  async close(): Promise<void> {
    const held = await this.holder?.catch(() => undefined);
    this.holder = undefined;
    if (held) this.clients.release(held.client, true);
  }

  private async export(): Promise<{ client: Client; id: string }> {
    const client = await this.clients.take();
    try {
      await this.run(client, 'SET idle_in_transaction_session_timeout = 0');
      await this.run(client, BEGIN);
      const [row] = await this.run<{ id: string }>(client, 'SELECT pg_catalog.pg_export_snapshot() AS id');
      return { client, id: row!.id };
    } catch (error) {
      this.clients.release(client, true);
      throw error;
    }
  }

  /** Whoever waits for rows hears that it is alive. */
  private async run<Row extends object>(client: Client, statement: string): Promise<Row[]> {
    const { rows } = await this.clients.long.during(client.query<Row>(statement));
    return rows;
  }
}
