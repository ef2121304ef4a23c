import type { OpenOptions } from '../../destination.js';
import { Lease } from '../sql/lease.js';
import { type LedgerDialect, prepareBooks } from '../sql/ledger-tables.js';
import { LastingPg, Pg } from './database.js';
import type { PostgresSettings } from './kind.js';
import { LOCK_BOOKS, postgresLeases } from './ledger-dialect.js';

/** A connection's lease, kept alive over a server connection of its own. */
export interface Held {
  lease: Lease;
  /** Gives the lease back. Does not throw. */
  close(): Promise<void>;
  /** Cuts its connection: the next call makes another one. */
  cut(): void;
}

/**
 * Makes the books where there are none and takes the connection's lease.
 * Throws ConnectorError: transient when a living runner has it.
 */
export async function holdConnection(
  settings: PostgresSettings,
  ledger: LedgerDialect,
  { connection, leaseSeconds }: OpenOptions,
): Promise<Held> {
  const pg = await Pg.connect(settings);
  const lasting = new LastingPg(pg, settings);
  try {
    await pg.transaction(async () => {
      await pg.run(LOCK_BOOKS);
      await prepareBooks(pg, ledger);
    });
    const lease = await pg.transaction(async () => {
      await pg.run(LOCK_BOOKS);
      return Lease.take(lasting, ledger, postgresLeases, connection, leaseSeconds);
    });
    lease.keep(leaseSeconds);
    const close = async () => {
      await lease.release();
      await lasting.close();
    };
    return { lease, close, cut: () => lasting.cut() };
  } catch (error) {
    await lasting.close();
    throw error;
  }
}
