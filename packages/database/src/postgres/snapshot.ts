import type { Client, Clients } from './clients.js';
import { literal } from './sql.js';

/**
 * One moment that all chunks of an attempt see: a transaction that stays open as long as the load of any table goes on, whose
 * snapshot the readers adopt. The server keeps dead rows for as long; that is why it has to be asked for.
 */
export class Snapshot {
  private holder: Promise<{ client: Client; id: string }> | undefined;

  constructor(private readonly clients: Clients) {}

  /** Puts the session into a transaction that sees this moment. */
  async adopt(client: Client): Promise<void> {
    this.holder ??= this.export();
    const { id } = await this.holder;
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query(`SET TRANSACTION SNAPSHOT ${literal(id)}`);
  }

  async close(): Promise<void> {
    const held = await this.holder?.catch(() => undefined);
    this.holder = undefined;
    if (held) this.clients.release(held.client, true);
  }

  private async export(): Promise<{ client: Client; id: string }> {
    const client = await this.clients.take();
    await client.query('SET idle_in_transaction_session_timeout = 0');
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { rows } = await client.query<{ id: string }>('SELECT pg_catalog.pg_export_snapshot() AS id');
    return { client, id: rows[0]!.id };
  }
}
