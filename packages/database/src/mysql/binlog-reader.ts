import type { Json } from '@tidemark/protocol';
import { ConnectorError, type RecordData } from '@tidemark/source';
import type { BinlogEvent, RowData, TableMapEvent, UpdateRowData } from '@vlasky/zongji';
import { type KeyedRelation, relationId } from '../keyed/keyed-server.js';
import type { LogBatch, TableBreak, TableChanges } from '../log/change-log.js';
import { LOAD_AGAIN } from '../log/load-again.js';
import { SignsOfLife } from '../log/signs-of-life.js';
import { type Weighed, weightOf } from '../log/weight.js';
import { type BinlogPosition, cursorOf, isReached } from './binlog-position.js';
import { changedByStatement, remadeColumn, tableStatement } from './binlog-statements.js';
import { changeDecoder } from './binlog-values.js';
import { type CharacterTables, characterTables } from './character-tables.js';
import type { Clients } from './clients.js';
import { describedStream } from './described-stream.js';
import { mysqlError } from './errors.js';
import { completed, keepBytes, type TableEntry, type TableMap } from './kept-bytes.js';
import { type Layout, TableLayouts } from './table-layouts.js';
import type { MysqlColumn } from './types.js';

/** Batches that wait to be taken: more than this, or than a batch's bytes, and the server is not read on. */
const WAITING_MAX = 8;

/** What a reading of the binlog is made of. */
export interface BinlogReading {
  readonly clients: Clients;
  readonly relations: readonly KeyedRelation<MysqlColumn>[];
  readonly from: BinlogPosition;
  /** Of the server that is read. */
  readonly to: BinlogPosition;
  readonly batchRows: number;
  /** Of values; a batch has more by one event at most. */
  readonly batchBytes: number;
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

interface Table {
  id: string;
  decode: ReturnType<typeof changeDecoder>;
  key: readonly string[];
}

/** Reads the binlog from one position to another: whole transactions, in its order. */
export class BinlogReader {
  private readonly tables = new Map<string, Table>();
  private readonly waiting: Weighed<LogBatch>[] = [];
  private changes: TableChanges[] = [];
  /** Tables that are not read on, and of these the ones that no batch has told of yet. */
  private readonly broken = new Set<string>();
  private breaks: TableBreak[] = [];
  private readonly layouts: TableLayouts;
  private rows = 0;
  private bytes = 0;
  private waitingBytes = 0;
  /** Of the driver's session while it is open. */
  private flow: Flow | undefined;
  /** How the server reads its texts, once it was asked. */
  private characters: CharacterTables = new Map();
  private isPaused = false;
  private isDone = false;
  /** Between BEGIN and its commit. */
  private isInside = false;
  /** Of the change that was read last. */
  private lastCursor = -1n;
  /** Where the last event ended that says so: inside a transaction some servers write zeros. */
  private pos = 0;
  private readonly life: SignsOfLife;
  /** What belongs to the log's columns of the events in hand. */
  private file: string;

  constructor(private readonly reading: BinlogReading) {
    this.file = reading.from.file;
    this.life = new SignsOfLife('binlog', reading.signal, reading.clients.long);
    this.layouts = new TableLayouts(reading.relations, reading.from.columns ?? {});
    for (const relation of reading.relations) {
      const decode = changeDecoder(relation.columns);
      this.tables.set(relationId(relation), { id: relationId(relation), decode, key: relation.primaryKey });
    }
  }

  /** Bytes of values that are read and wait to be taken. */
  get heldBytes(): number {
    return this.waitingBytes + this.bytes;
  }

  /** Throws ConnectorError: config where the server has the position no more, transient where the connection is lost. */
  async *batches(): AsyncIterable<LogBatch> {
    const { from, signal } = this.reading;
    this.characters = await characterTables(this.reading.clients);
    const zongji = await this.open();
    this.flow = zongji as unknown as Flow;
    try {
      const start = from.gtid === null ? { filename: from.file, position: from.pos } : { gtidSet: from.gtid };
      zongji.start({ serverId: serverId(), ...start, includeSchema: this.schemas() });
      for (;;) {
        const taken = this.waiting.shift();
        if (taken) {
          this.waitingBytes -= taken.bytes;
          this.goOn();
          yield taken.what;
          if (signal.aborted) return;
          continue;
        }
        if (this.life.failure !== undefined) throw this.refusal(this.life.failure);
        if (this.isDone || signal.aborted) return;
        await this.life.next();
      }
    } finally {
      zongji.stop();
    }
  }

  private get isFull(): boolean {
    return this.waiting.length >= WAITING_MAX || this.waitingBytes >= this.reading.batchBytes;
  }

  /** Reads on when there is room. */
  private goOn(): void {
    if (!this.isPaused || this.isFull) return;
    this.isPaused = false;
    this.flow?.connection?.resume();
  }

  private async open() {
    const { clients } = this.reading;
    const zongji = await describedStream(await clients.target(clients.ssl), (event) => this.columnsOf(event));
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
    if (event.nextPosition > 0) this.pos = event.nextPosition;
    switch (name) {
      case 'writerows':
      case 'updaterows':
      case 'deleterows':
        this.rowsEvent(event as RowsEvent, name);
        return;
      case 'tablemap':
        keepBytes(event as BinlogEvent & TableMap, this.characters);
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
        this.pos = position;
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

  /** Between two transactions, everything before `pos` has been handed over. Behind the end nothing is: its rows are left out. */
  private boundary(zongji: Stream, pos: number): void {
    if (this.isInside || pos === 0 || this.isDone) return;
    const { from, to } = this.reading;
    const gtid = from.gtid === null ? null : (zongji.gtidSet ?? from.gtid);
    const { file } = this;
    const isEnd = isReached({ file, pos }, to);
    // Where the server names the columns there is nothing to keep.
    const columns = to.columns && { ...(isEnd ? to.columns : {}), ...this.layouts.known(isEnd) };
    this.flush({ server: to.server, file, pos, gtid, epoch: from.epoch, ...(columns ? { columns } : {}) });
    if (isEnd) this.isDone = true;
  }

  private rowsEvent(event: RowsEvent, name: 'writerows' | 'updaterows' | 'deleterows'): void {
    const entry = event.tableMap[event.tableId];
    const table = entry && this.tables.get(`${entry.parentSchema}.${entry.tableName}`);
    if (!table || this.isDone || this.broken.has(table.id)) return;
    if (!isWhole(event)) {
      this.lose(table.id, 'a row of it has not all of its columns (binlog_row_image)');
      return;
    }
    const changes = event.rows.flatMap((row) => changesOf(row, name, table.key));
    const place = { file: this.file, pos: event.nextPosition || this.pos };
    const cursors = this.cursors(place, changes.length);
    for (const [i, { row, isDeleted }] of changes.entries()) {
      this.add(
        table.id,
        table.decode(completed(row, entry), { ...place, cursor: cursors[i]!, at: event.timestamp, isDeleted }),
      );
      this.bytes += weightOf(row);
    }
    if (this.rows >= this.reading.batchRows || this.bytes >= this.reading.batchBytes) this.flush(undefined);
  }

  private query({ query: sql, schema }: { query: string; schema: string }): void {
    if (!this.isDone) this.concerned(sql, schema);
    if (/^\s*(?:BEGIN|XA\s+START)\b/i.test(sql)) this.isInside = true;
    else if (!/^\s*(?:SAVEPOINT|ROLLBACK\s+TO|RELEASE|XA\s+END)\b/i.test(sql)) this.isInside = false;
  }

  /**
   * A cursor for each change of an event: the last has the event's end, the ones before it count down from there. An event has
   * at least a byte for each change, so all lie behind the event before it; compressed ones are kept behind it.
   */
  private cursors({ file, pos }: { file: string; pos: number }, count: number): bigint[] {
    const { epoch } = this.reading.from;
    const end = cursorOf({ file, pos, epoch, server: '', gtid: null });
    const first = end - BigInt(count) + 1n;
    const from = first > this.lastCursor ? first : this.lastCursor + 1n;
    this.lastCursor = from + BigInt(count) - 1n;
    return Array.from({ length: count }, (_, i) => from + BigInt(i));
  }

  /** What a statement does to the tables that are followed, and no row tells. */
  private concerned(sql: string, schema: string): void {
    const changed = changedByStatement(sql, schema, this.reading.relations);
    if (changed !== undefined) this.lose(changed, 'a change of it is there as a statement (binlog_format)');
    const statement = tableStatement(sql, schema);
    if (!statement) return;
    for (const relation of this.reading.relations.filter((each) => statement.concerns(each.schema, each.name))) {
      const id = relationId(relation);
      if (statement.kind === 'replaced')
        this.break(id, `${statement.what} of it is in the log, which names no rows.`, false);
      else {
        const columns = relation.columns.map(({ name }) => name);
        const remade = remadeColumn(statement.statement, columns);
        const why = this.layouts.altered(id, statement.statement);
        if (remade !== undefined) this.break(id, `ALTER TABLE in the log gives '${remade}' to other values.`, false);
        else if (why !== undefined) this.lose(id, why);
      }
    }
  }

  /** The columns of a table's rows that come next, where the log does not name them. Undefined: they are not read. */
  private columnsOf(event: TableMapEvent): Layout | undefined {
    const table = this.tables.get(`${event.schemaName}.${event.tableName}`);
    if (!table || this.isDone || this.broken.has(table.id)) return undefined;
    const columns = this.layouts.read(table.id, event);
    if (typeof columns !== 'string') return columns;
    this.lose(table.id, columns);
    return undefined;
  }

  private lose(table: string, what: string): void {
    this.break(table, `the binlog does not have every change of ${table} whole: in ${this.file} ${what}.`, true);
  }

  /** Nothing of a table is read any more: its rows so far do not make its copy right. */
  private break(table: string, why: string, isLost: boolean): void {
    if (this.broken.has(table)) return;
    this.broken.add(table);
    this.breaks.push({ table, why, isLost });
  }

  private add(table: string, record: RecordData): void {
    const last = this.changes.at(-1);
    if (last?.table === table) last.records.push(record);
    else this.changes.push({ table, records: [record] });
    this.rows++;
  }

  private flush(position: BinlogPosition | undefined): void {
    if (this.changes.length === 0 && position === undefined) return;
    const { changes, breaks } = this;
    const last = this.waiting.at(-1)?.what;
    const at = position && { position: position as unknown as Json };
    // Transactions without changes of ours move the position only.
    if (changes.length === 0 && breaks.length === 0 && last && last.position !== undefined) Object.assign(last, at);
    else this.waiting.push({ what: { changes, ...(at ? { ...at, breaks } : {}) }, bytes: this.bytes });
    this.changes = [];
    if (position) this.breaks = [];
    this.rows = 0;
    this.waitingBytes += this.bytes;
    this.bytes = 0;
    // At once: whoever takes batches may be slow, and is not heard of until the next one.
    if (!this.isFull || this.isPaused) return;
    this.isPaused = true;
    this.flow?.connection?.pause();
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
        `The server has the binlog no more at the position that was stored (${message}). ${LOAD_AGAIN} Keep the binlog longer than the time between two syncs: SET GLOBAL binlog_expire_logs_seconds = 604800;`,
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

/** The driver's session, whose packets can wait. */
interface Flow {
  connection?: { pause(): void; resume(): void };
}

/** What is used of the driver's object. */
interface Stream {
  readonly gtidSet: string | undefined;
}

/** A replica's number: two readings at once must not have the same. */
function serverId(): number {
  return 1_000_000_000 + Math.floor(Math.random() * 1_000_000_000);
}

/** The changes that a row of an event is. */
function changesOf(
  row: RowData | UpdateRowData,
  name: 'writerows' | 'updaterows' | 'deleterows',
  key: readonly string[],
): { row: RowData; isDeleted: boolean }[] {
  if (name !== 'updaterows') return [{ row: row as RowData, isDeleted: name === 'deleterows' }];
  const { before, after } = row as UpdateRowData;
  const now = { row: after, isDeleted: false };
  // A row that got another key is gone under the old one.
  const isMoved = key.some((column) => !isSame(before[column], after[column]));
  return isMoved ? [{ row: before, isDeleted: true }, now] : [now];
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
