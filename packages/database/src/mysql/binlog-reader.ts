import { ConnectorError, type RecordData } from '@tidemark/source';
import type { BinlogEvent, RowData, UpdateRowData } from '@vlasky/zongji';
import { type KeyedRelation, relationId } from '../keyed/keyed-server.js';
import type { LogBatch, TableChanges } from '../log/change-log.js';
import { SignsOfLife } from '../log/signs-of-life.js';
import { type BinlogPosition, cursorOf, isReached } from './binlog-position.js';
import { changedByStatement } from './binlog-statements.js';
import { changeDecoder } from './binlog-values.js';
import type { Clients } from './clients.js';
import { mysqlError } from './errors.js';
import type { MysqlColumn } from './types.js';

/** Batches that wait to be taken: more than this, and the server is not read on. */
const WAITING_MAX = 8;

/** What a reading of the binlog is made of. */
export interface BinlogReading {
  readonly clients: Clients;
  readonly relations: readonly KeyedRelation<MysqlColumn>[];
  readonly from: BinlogPosition;
  /** Of the server that is read. */
  readonly to: BinlogPosition;
  readonly batchRows: number;
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
}

type RowsEvent = BinlogEvent & {
  rows: (RowData | UpdateRowData)[];
  tableId: number;
  tableMap: Record<number, TableEntry>;
  numberOfColumns: number;
  /** Which columns the rows have, a bit for each; of an update the rows before it, and in the second those after it. */
  columns_present_bitmap: Buffer;
  columns_present_bitmap2?: Buffer;
};
interface TableEntry {
  parentSchema: string;
  tableName: string;
  columns?: { type: number }[];
}

const GEOMETRY = 255;
const BLOB = 252;

/** Shapes as bytes, as a statement's result has them: taken apart, they have lost their reference system. */
function keepGeometries({ tableId, tableMap }: { tableId: number; tableMap: Record<number, TableEntry> }): void {
  for (const column of tableMap[tableId]?.columns ?? []) if (column.type === GEOMETRY) column.type = BLOB;
}

interface Table {
  id: string;
  decode: ReturnType<typeof changeDecoder>;
  key: readonly string[];
}

/** Reads the binlog from one position to another: whole transactions, in its order. */
export class BinlogReader {
  private readonly tables = new Map<string, Table>();
  private readonly waiting: LogBatch[] = [];
  private changes: TableChanges[] = [];
  private rows = 0;
  private isDone = false;
  /** Between BEGIN and its commit. */
  private isInside = false;
  private readonly life: SignsOfLife;
  /** What belongs to the log's columns of the events in hand. */
  private file: string;

  constructor(private readonly reading: BinlogReading) {
    this.file = reading.from.file;
    this.life = new SignsOfLife('binlog', reading.signal);
    for (const relation of reading.relations) {
      const decode = changeDecoder(relation.columns);
      this.tables.set(relationId(relation), { id: relationId(relation), decode, key: relation.primaryKey });
    }
  }

  /** Throws ConnectorError: config where the server has the position no more, transient where the connection is lost. */
  async *batches(): AsyncIterable<LogBatch> {
    const { from, signal } = this.reading;
    const zongji = await this.open();
    const stream = zongji as unknown as { connection?: { pause(): void; resume(): void } };
    try {
      const start = from.gtid === null ? { filename: from.file, position: from.pos } : { gtidSet: from.gtid };
      zongji.start({ serverId: serverId(), ...start, includeSchema: this.schemas() });
      for (;;) {
        const batch = this.waiting.shift();
        if (batch) {
          if (this.waiting.length < WAITING_MAX) stream.connection?.resume();
          yield batch;
          if (signal.aborted) return;
          continue;
        }
        if (this.life.failure !== undefined) throw this.refusal(this.life.failure);
        if (this.isDone || signal.aborted) return;
        await this.life.next();
        if (this.waiting.length >= WAITING_MAX) stream.connection?.pause();
      }
    } finally {
      zongji.stop();
    }
  }

  private async open() {
    const { default: ZongJi } = await import('@vlasky/zongji');
    const { clients } = this.reading;
    const zongji = new ZongJi({
      ...(await clients.target(clients.ssl)),
      charset: 'utf8mb4',
      timezone: 'Z',
      dateStrings: true,
      supportBigNumbers: true,
      jsonStrings: true,
    } as never);
    zongji.on('error', (error: unknown) => this.life.fail(error));
    zongji.on('binlog', (event: BinlogEvent) => {
      try {
        this.event(event, zongji);
        this.life.sign();
      } catch (error) {
        this.life.fail(error);
      }
    });
    return zongji;
  }

  private event(event: BinlogEvent, zongji: Stream): void {
    const name = event.getEventName();
    switch (name) {
      case 'writerows':
      case 'updaterows':
      case 'deleterows':
        this.rowsEvent(event as RowsEvent, name);
        return;
      case 'tablemap':
        keepGeometries(event as BinlogEvent & { tableId: number; tableMap: Record<number, TableEntry> });
        return;
      case 'gtid':
      case 'anonymousgtid':
      case 'mariadbgtid':
        // A transaction begins, or a single statement that is one.
        this.isInside = true;
        return;
      case 'query':
        this.query(event as BinlogEvent & { query: string; schema: string });
        break;
      case 'rotate': {
        const { binlogName, position } = event as BinlogEvent & { binlogName: string; position: number };
        this.file = binlogName;
        this.boundary(zongji, position);
        return;
      }
      case 'xid':
      case 'xaprepare':
        this.isInside = false;
        break;
    }
    this.boundary(zongji, event.nextPosition);
  }

  /** Between two transactions, everything before `pos` has been handed over. */
  private boundary(zongji: Stream, pos: number): void {
    if (this.isInside || pos === 0) return;
    const { from, to } = this.reading;
    const gtid = from.gtid === null ? null : (zongji.gtidSet ?? from.gtid);
    const { file } = this;
    this.flush({ server: to.server, file, pos, gtid, epoch: from.epoch });
    if (isReached({ file, pos }, to)) this.isDone = true;
  }

  private rowsEvent(event: RowsEvent, name: 'writerows' | 'updaterows' | 'deleterows'): void {
    const entry = event.tableMap[event.tableId];
    const table = entry && this.tables.get(`${entry.parentSchema}.${entry.tableName}`);
    if (!table || this.isDone) return;
    if (!isWhole(event)) throw this.incomplete(table.id, 'a row of it has not all of its columns (binlog_row_image)');
    const { epoch } = this.reading.from;
    const place = { file: this.file, pos: event.nextPosition };
    const cursor = cursorOf({ ...place, epoch, server: '', gtid: null });
    const facts = { ...place, cursor, at: event.timestamp };
    for (const row of event.rows) {
      if (name === 'updaterows') {
        const { before, after } = row as UpdateRowData;
        // A row that got another key is gone under the old one.
        if (table.key.some((column) => !isSame(before[column], after[column])))
          this.add(table.id, table.decode(before, { ...facts, isDeleted: true }));
        this.add(table.id, table.decode(after, { ...facts, isDeleted: false }));
      } else this.add(table.id, table.decode(row as RowData, { ...facts, isDeleted: name === 'deleterows' }));
    }
    if (this.rows >= this.reading.batchRows) this.flush(undefined);
  }

  private query({ query: sql, schema }: { query: string; schema: string }): void {
    const changed = this.isDone ? undefined : changedByStatement(sql, schema, this.reading.relations);
    if (changed !== undefined) throw this.incomplete(changed, 'a change of it is there as a statement (binlog_format)');
    if (/^\s*(?:BEGIN|XA\s+START)\b/i.test(sql)) this.isInside = true;
    else if (!/^\s*(?:SAVEPOINT|ROLLBACK\s+TO|RELEASE|XA\s+END)\b/i.test(sql)) this.isInside = false;
    const truncated = /^\s*(?:\/\*.*?\*\/\s*)*TRUNCATE\s+(?:TABLE\s+)?([^\s;]+)/is.exec(sql)?.[1];
    if (truncated !== undefined)
      this.reading.warn(
        `TRUNCATE TABLE ${truncated} is in the log: it deletes no rows that could be told. Refresh the stream to make its table empty too.`,
      );
  }

  private add(table: string, record: RecordData): void {
    const last = this.changes.at(-1);
    if (last?.table === table) last.records.push(record);
    else this.changes.push({ table, records: [record] });
    this.rows++;
  }

  private flush(position: BinlogPosition | undefined): void {
    if (this.changes.length === 0 && position === undefined) return;
    const last = this.waiting.at(-1);
    // Transactions without changes of ours move the position only.
    if (this.changes.length === 0 && last && last.position !== undefined) last.position = { ...position! };
    else this.waiting.push({ changes: this.changes, ...(position ? { position: { ...position } } : {}) });
    this.changes = [];
    this.rows = 0;
  }

  private incomplete(table: string, what: string): ConnectorError {
    return new ConnectorError(
      'config',
      `The binlog does not have every change of ${table} whole: in ${this.file} ${what}. Load the table again, and see that no session sets binlog_format or binlog_row_image to anything but ROW and FULL.`,
    );
  }

  private schemas(): Record<string, string[]> {
    const schemas: Record<string, string[]> = {};
    for (const { schema, name } of this.reading.relations) schemas[schema] = [...(schemas[schema] ?? []), name];
    return schemas;
  }

  private refusal(error: unknown): ConnectorError {
    const { errno, message = '' } = (error ?? {}) as { errno?: number; message?: string };
    if (errno === 1236 || /purged|could not find next log|Could not find first log/i.test(message)) {
      return new ConnectorError(
        'config',
        `The server has the binlog no more at the position that was stored (${message}). Load the tables again, and keep the binlog longer than the time between two syncs: SET GLOBAL binlog_expire_logs_seconds = 604800;`,
        { cause: error },
      );
    }
    if (/binlog_transaction_compression/.test(message))
      return new ConnectorError('config', `${message} Mend it with: SET GLOBAL binlog_transaction_compression = OFF;`, {
        cause: error,
      });
    if (/binlog_row_value_options|PARTIAL_JSON/.test(message))
      return new ConnectorError('config', `${message} Mend it with: SET GLOBAL binlog_row_value_options = '';`, {
        cause: error,
      });
    return this.reading.clients.route.problem() ?? mysqlError(error, 'Reading the binlog');
  }
}

/** What is used of the driver's object. */
interface Stream {
  readonly gtidSet: string | undefined;
}

/** A replica's number: two readings at once must not have the same. */
function serverId(): number {
  return 1_000_000_000 + Math.floor(Math.random() * 1_000_000_000);
}

/** With binlog_row_image = FULL the rows of an event have every column. */
function isWhole({ numberOfColumns, columns_present_bitmap, columns_present_bitmap2 }: RowsEvent): boolean {
  const has = (bits: Buffer, i: number): boolean => ((bits[i >> 3] ?? 0) & (1 << (i & 7))) !== 0;
  for (const bits of [columns_present_bitmap, columns_present_bitmap2 ?? columns_present_bitmap])
    for (let i = 0; i < numberOfColumns; i++) if (!has(bits, i)) return false;
  return true;
}

function isSame(a: unknown, b: unknown): boolean {
  return Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : a === b;
}
