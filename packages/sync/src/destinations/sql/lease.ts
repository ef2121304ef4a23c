import { hostname } from 'node:os';
import { ConnectorError } from '@tidemark/source';
import { truth } from './ledger.js';
import type { LedgerDialect } from './ledger-tables.js';
import type { SqlDatabase, SqlRow } from './sql-database.js';

/** A runner that says nothing for so long counts as dead, unless `OpenOptions.leaseSeconds` says otherwise. */
export const LEASE_SECONDS = 60;

/** How a database keeps leases. Time is the server's: clocks of runners may jump. */
export interface LeaseDialect {
  /** SQL of the server's present moment, not of the transaction's beginning. */
  now: string;
  /** SQL of a moment so many seconds from now. */
  after(seconds: number): string;
  /** Appended to a SELECT: the row cannot be changed until the transaction ends, others may do the same. */
  share: string;
  /**
   * Names this connection, so that others can see when it is gone: `id` is stored with the lease, `gone` says whether the
   * server knows such a connection no longer (false where that cannot be told).
   */
  id(db: SqlDatabase): Promise<string>;
  gone(db: SqlDatabase, id: string): Promise<boolean>;
}

/** Who holds a lease, as it stands in the books. */
interface Holder {
  host: string;
  pid: number;
  /** Of the holder's own connection to the server. */
  connection: string;
}

/**
 * One connection's lease: nobody else writes while it is held. Its token rises with each taking, and every commit checks it:
 * a runner that was taken for dead and overtaken can write nothing any more.
 */
export class Lease {
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly db: SqlDatabase,
    private readonly ledger: LedgerDialect,
    private readonly dialect: LeaseDialect,
    private readonly connection: string,
    readonly token: number,
  ) {}

  /**
   * Takes the lease, inside the transaction that is open on `db`.
   * Throws ConnectorError (transient) when a living runner holds it.
   */
  static async take(
    db: SqlDatabase,
    ledger: LedgerDialect,
    dialect: LeaseDialect,
    connection: string,
    seconds: number = LEASE_SECONDS,
  ): Promise<Lease> {
    const table = ledger.table('leases');
    const [row] = await db.all(
      `SELECT token, holder, ${ledger.milliseconds('taken_at')} AS taken_ms, expires_at > ${dialect.now} AS fresh
        FROM ${table} WHERE connection = $1 FOR UPDATE`,
      [connection],
    );
    if (row && (await isHeld(db, dialect, row))) throw held(connection, row);
    const token = Number(row?.token ?? 0) + 1;
    const text = await nameOfMyself(db, dialect);
    if (row) {
      await db.run(
        `UPDATE ${table} SET token = $1, holder = $2, taken_at = ${dialect.now}, expires_at = ${dialect.after(seconds)}
          WHERE connection = $3`,
        [token, text, connection],
      );
    } else {
      await db.run(
        `INSERT INTO ${table} (connection, token, holder, taken_at, expires_at)
          VALUES ($1, $2, $3, ${dialect.now}, ${dialect.after(seconds)})`,
        [connection, token, text],
      );
    }
    return new Lease(db, ledger, dialect, connection, token);
  }

  /**
   * Says three times in each of its lives that the runner is alive. `db` is nobody else's, so that no long statement and no
   * transaction holds that up. A renewal that fails is left to the next one.
   */
  keep(seconds: number = LEASE_SECONDS): void {
    const renew = async () => {
      const holder = await nameOfMyself(this.db, this.dialect);
      await this.db.run(
        `UPDATE ${this.table} SET holder = $1, expires_at = ${this.dialect.after(seconds)} WHERE connection = $2 AND token = $3`,
        [holder, this.connection, this.token],
      );
    };
    this.timer = setInterval(() => renew().catch(() => undefined), (seconds * 1000) / 3);
    this.timer.unref();
  }

  /** Holds the lease until the transaction of `db` ends. Throws ConnectorError (system) when another runner has it. */
  async check(db: SqlDatabase): Promise<void> {
    const [row] = await db.all(`SELECT token, holder FROM ${this.table} WHERE connection = $1 ${this.dialect.share}`, [
      this.connection,
    ]);
    if (row && Number(row.token) === this.token) return;
    throw new ConnectorError(
      'system',
      `Another runner has taken over the connection '${this.connection}'${row ? ` (${nameOf(row)})` : ''}: this one was taken for dead. Nothing of it is written any more.`,
    );
  }

  /** Gives the lease back. Does not throw: what is not given back expires. */
  async release(): Promise<void> {
    clearInterval(this.timer);
    await this.db
      .run(
        `UPDATE ${this.table} SET expires_at = ${this.dialect.now}, holder = NULL WHERE connection = $1 AND token = $2`,
        [this.connection, this.token],
      )
      .catch(() => undefined);
  }

  private get table(): string {
    return this.ledger.table('leases');
  }
}

async function nameOfMyself(db: SqlDatabase, dialect: LeaseDialect): Promise<string> {
  const holder: Holder = { host: hostname(), pid: process.pid, connection: await dialect.id(db) };
  return JSON.stringify(holder);
}

async function isHeld(db: SqlDatabase, dialect: LeaseDialect, row: SqlRow): Promise<boolean> {
  const holder = holderOf(row);
  if (!holder || !truth(row.fresh)) return false;
  if (holder.host === hostname() && !isAlive(holder.pid)) return false;
  return !(await dialect.gone(db, holder.connection));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function holderOf(row: SqlRow): Holder | undefined {
  if (typeof row.holder !== 'string') return undefined;
  try {
    return JSON.parse(row.holder) as Holder;
  } catch {
    return undefined;
  }
}

function nameOf(row: SqlRow): string {
  const holder = holderOf(row);
  return holder ? `process ${holder.pid} on ${holder.host}` : 'a process that did not say its name';
}

function held(connection: string, row: SqlRow): ConnectorError {
  const since = new Date(Number(row.taken_ms)).toISOString();
  return new ConnectorError(
    'transient',
    `The connection '${connection}' is in use by ${nameOf(row)} since ${since}. Wait for it or stop it there, then run this again.`,
  );
}
