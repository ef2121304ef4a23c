import { ConnectorError } from '@tidemark/source';
import type { Client } from 'pg';
import type { Pgoutput } from 'pg-logical-replication';
import type { LogBatch, TableBreak } from '../log/change-log.js';
import { SignsOfLife } from '../log/signs-of-life.js';
import { type Weighed, weightOf } from '../log/weight.js';
import type { CatalogTable } from './catalog.js';
import type { Clients } from './clients.js';
import { postgresError } from './errors.js';
import { literal } from './sql.js';
import { type Transaction, WalChanges, type WalRow } from './wal-changes.js';
import { lsnNumber, lsnText, type WalPosition } from './wal-position.js';
import { keep, withUnsent } from './wal-unsent.js';

/** Batches that wait to be taken: more than this, or than a batch's bytes, and the server is not read on. */
const WAITING_MAX = 8;
/** The server hears of us at least this often, or it ends the connection (wal_sender_timeout). */
const STATUS_SECONDS = 5;

/** The values of a log are written as those of a load are. */
const SESSION = {
  DateStyle: 'ISO,MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '3',
  lc_monetary: 'C',
  xmloption: 'content',
};

/** What a reading of the log is made of. */
export interface WalReading {
  readonly clients: Clients;
  readonly slot: string;
  readonly publication: string;
  readonly tables: readonly CatalogTable[];
  /** Whether a column of a table is wanted at all. */
  readonly isChosen: (table: CatalogTable, column: string) => boolean;
  readonly from: WalPosition;
  readonly to: WalPosition;
  readonly batchRows: number;
  /** Of values; a batch has more by one row at most. */
  readonly batchBytes: number;
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
}

interface Taken {
  batch: LogBatch;
  unsent: ReturnType<WalChanges['take']>['unsent'];
}

/** Reads the log from one position to another by pgoutput: whole transactions, in the order of their commits. */
export class WalReader {
  private readonly changes: WalChanges;
  private readonly waiting: Weighed<Taken>[] = [];
  private bytes = 0;
  private waitingBytes = 0;
  private transaction: Transaction | undefined;
  /** Tables whose changes are not the whole truth, until the end of the transaction. */
  private readonly breaks: TableBreak[] = [];
  /** Tables that what the log does not have could not be looked up of. */
  private readonly refused: TableBreak[] = [];
  private isDone = false;
  private room: () => void = () => undefined;
  private readonly life: SignsOfLife;
  private received = 0;
  private handled = 0;
  /** The last place that a sign of life named. */
  private heard = 0n;
  private readonly target: bigint;
  /** Where the server may forget its log up to. */
  private confirmed: bigint;

  constructor(private readonly reading: WalReading) {
    this.changes = new WalChanges(reading.tables, reading.isChosen);
    this.target = lsnNumber(reading.to.lsn);
    this.confirmed = lsnNumber(reading.from.lsn);
    this.life = new SignsOfLife('log', reading.signal, reading.clients.long);
  }

  /** A state with this position is stored: the server hears of it with the next sign of life. */
  stored({ lsn }: WalPosition): void {
    const number = lsnNumber(lsn);
    if (number > this.confirmed) this.confirmed = number;
  }

  /** Bytes of values that are read and wait to be taken. */
  get heldBytes(): number {
    return this.waitingBytes + this.bytes;
  }

  /** Throws ConnectorError. */
  async *batches(): AsyncIterable<LogBatch> {
    const { signal, from } = this.reading;
    const service = await this.open();
    const status = setInterval(() => void this.confirm(service), STATUS_SECONDS * 1000);
    try {
      const subscription = service.subscribe(await this.plugin(), this.reading.slot, from.lsn);
      subscription.then(
        () => this.life.sign(),
        (error: unknown) => this.fail(error),
      );
      for (;;) {
        const next = this.waiting.shift();
        if (next) {
          this.waitingBytes -= next.bytes;
          this.room();
          for await (const part of this.whole(next.what)) {
            yield part;
            if (signal.aborted) return;
          }
          continue;
        }
        if (this.life.failure !== undefined) throw this.refusal(this.life.failure);
        if (this.isDone || signal.aborted) return;
        await this.life.next();
      }
    } finally {
      clearInterval(status);
      this.isDone = true;
      this.room();
      await service.destroy().catch(() => undefined);
    }
  }

  /** A batch with all values. A table whose values cannot be looked up is left: it is broken at the next position. */
  private async *whole({ batch, unsent }: Taken): AsyncGenerator<LogBatch> {
    const { clients, batchBytes } = this.reading;
    const refuse = (refused: TableBreak): void => {
      this.refused.push(refused);
      this.changes.leave([refused.table]);
    };
    const isRead = (table: string): boolean => !this.refused.some((refused) => refused.table === table);
    keep(batch.changes, ({ table }) => isRead(table));
    keep(unsent, ({ table }) => isRead(table.relation.id));
    for await (const part of withUnsent(clients, batch, unsent, batchBytes, refuse))
      yield part.position === undefined ? part : { ...part, breaks: [...(part.breaks ?? []), ...this.refused] };
  }

  private async open() {
    const { LogicalReplicationService } = await import('pg-logical-replication');
    const { clients } = this.reading;
    const service = new LogicalReplicationService(
      {
        ...(await clients.target(clients.ssl)),
        application_name: 'tidemark',
        options: Object.entries(SESSION)
          .map(([setting, value]) => `-c ${setting}=${value}`)
          .join(' '),
      },
      // Nothing is confirmed by reading: what is stored is confirmed when it comes back as a state.
      { acknowledge: { auto: false, timeoutSeconds: 0 }, flowControl: { enabled: true } },
    );
    service.on('data', (_lsn: string, message: Pgoutput.Message) => this.message(message));
    service.on('heartbeat', (lsn: string, _at: number, shouldRespond: boolean) => {
      this.heard = lsnNumber(lsn);
      if (shouldRespond) void this.confirm(service);
      this.reach();
      this.life.sign();
    });
    service.on('error', (error: unknown) => this.fail(error));
    return service;
  }

  private async plugin() {
    const { PgoutputPlugin } = await import('pg-logical-replication');
    const { publication } = this.reading;
    const received = (): void => {
      this.received++;
    };
    // Values stay texts; `messages` is unknown to servers before 14.
    return new (class extends PgoutputPlugin {
      override parse(buffer: Buffer): Pgoutput.Message {
        received();
        const message = super.parse(buffer);
        if (message.tag === 'relation') for (const column of message.columns) column.parser = (text: unknown) => text;
        return message;
      }
      override start(client: Client, slot: string, lsn: string): Promise<unknown> {
        const options = `proto_version '1', publication_names ${literal(`"${publication.replaceAll('"', '""')}"`)}`;
        return client.query(`START_REPLICATION SLOT "${slot}" LOGICAL ${lsn} (${options})`);
      }
    })({ protoVersion: 1, publicationNames: [publication] });
  }

  /** Tells the server that we are there, and what is stored: at first the position that this reading began at. */
  private async confirm(service: { acknowledge(lsn: string): Promise<boolean> }): Promise<void> {
    // The library adds one; a confirmed byte too many would be a transaction that is never sent.
    await service.acknowledge(lsnText(this.confirmed - 1n)).catch(() => undefined);
  }

  private async message(message: Pgoutput.Message): Promise<void> {
    try {
      this.take(message);
    } catch (error) {
      this.fail(error);
    }
    this.handled++;
    this.life.sign();
    while (this.isFull && !this.isDone) {
      await new Promise<void>((resolve) => {
        this.room = resolve;
      });
    }
    this.reach();
  }

  private get isFull(): boolean {
    return this.waiting.length >= WAITING_MAX || this.waitingBytes >= this.reading.batchBytes;
  }

  private take(message: Pgoutput.Message): void {
    if (this.isDone) return;
    switch (message.tag) {
      case 'begin':
        this.transaction = {
          commit: lsnNumber(message.commitLsn ?? '0/0'),
          at: Number(BigInt(message.commitTime.toString()) / 1000n),
          count: 0,
        };
        return;
      case 'relation':
        this.describe(message);
        return;
      case 'insert':
        this.row(message.relation, message.new, false);
        return;
      case 'update': {
        const old = message.key ?? message.old;
        const now = old ? filled(message.new, old) : message.new;
        // A row that got another key is gone under the old one.
        if (old && this.changes.hasOtherKey(idOf(message.relation), old, now)) this.row(message.relation, old, true);
        this.row(message.relation, now, false);
        return;
      }
      case 'delete':
        this.row(message.relation, message.old ?? message.key ?? {}, true);
        return;
      case 'truncate':
        this.truncated(message.relations.map(idOf));
        return;
      case 'commit': {
        const lsn = lsnText(lsnNumber(message.commitEndLsn ?? '0/0'));
        this.transaction = undefined;
        this.flush({ ...this.reading.to, lsn });
        if (lsnNumber(lsn) >= this.target) this.isDone = true;
      }
    }
  }

  private row(relation: Named, row: WalRow, isDeleted: boolean): void {
    const id = idOf(relation);
    if (!this.transaction || !this.changes.has(id)) return;
    this.changes.add(id, row, isDeleted, this.transaction);
    this.bytes += weightOf(row);
    if (this.changes.rows >= this.reading.batchRows || this.bytes >= this.reading.batchBytes) this.flush(undefined);
  }

  /** The log says what a table was like before the first of its rows, and again where that changes. */
  private describe(relation: Pgoutput.MessageRelation): void {
    const name = idOf(relation);
    const why = this.changes.describe(name, relation);
    if (why === undefined) return;
    for (const table of this.changes.leave([name])) this.breaks.push({ table, why, isLost: false });
  }

  /** The rows are not in the log: a table that was emptied, or a leaf of it, is loaded anew, with what comes behind it. */
  private truncated(names: readonly string[]): void {
    const why = 'TRUNCATE of it is in the log, which names no rows.';
    for (const table of this.changes.leave(names)) this.breaks.push({ table, why, isLost: false });
  }

  private flush(position: WalPosition | undefined): void {
    const { changes, unsent } = this.changes.take();
    const last = this.waiting.at(-1)?.what;
    const next = position && { ...position };
    const breaks = next ? this.breaks.splice(0) : [];
    // Transactions without changes of ours move the position only.
    if (changes.length === 0 && breaks.length === 0 && last?.batch.position !== undefined && next)
      last.batch.position = next;
    else if (changes.length > 0 || next)
      this.waiting.push({
        what: { batch: { changes, ...(next ? { position: next, breaks } : {}) }, unsent },
        bytes: this.bytes,
      });
    this.waitingBytes += this.bytes;
    this.bytes = 0;
  }

  /** Between two transactions, with everything taken that was sent, a sign of life says how far the log is read. */
  private reach(): void {
    if (this.isDone || this.transaction || this.handled !== this.received || this.heard < this.target) return;
    this.flush({ ...this.reading.to, lsn: lsnText(this.target) });
    this.isDone = true;
    this.life.sign();
  }

  private fail(error: unknown): void {
    if (this.isDone) this.life.sign();
    else this.life.fail(error);
  }

  private refusal(error: unknown): ConnectorError {
    const { slot } = this.reading;
    const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string };
    if (code === '55006' || /is active for PID/.test(message)) {
      return new ConnectorError(
        'transient',
        `The replication slot '${slot}' is used by somebody else (${message}). One reader can use a slot at a time: give this one its own.`,
        { cause: error },
      );
    }
    return this.reading.clients.route.problem() ?? postgresError(error, `Reading the log by the slot '${slot}'`);
  }
}

type Named = Pick<Pgoutput.MessageRelation, 'schema' | 'name'>;

/** As the catalog names tables. */
function idOf({ schema, name }: Named): string {
  return `${schema}.${name}`;
}

/** A row after an update with what the log has of it only as it was before: large values of its identity that did not change. */
function filled(row: WalRow, before: WalRow): WalRow {
  for (const column in row) if (row[column] === undefined) row[column] = before[column] ?? undefined;
  return row;
}
