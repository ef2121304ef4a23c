import type { Json, JsonObject } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { notAnOffset, offsetsOf } from '../airbyte/log-offset.js';
import type { Finding, ReadingSettings, Table } from '../dialect.js';
import { type KeyedRelation, relationId } from '../keyed/keyed-server.js';
import type { ChangeLog, LogBatch } from '../log/change-log.js';
import { readingBounds } from '../log/reading-bounds.js';
import type { TableShape } from '../log/table-shape.js';
import { tableId } from '../table-id.js';
import { binlogEnd } from './binlog-end.js';
import { whyAnotherLog } from './binlog-place.js';
import { type BinlogPosition, binlogPosition, cursorOf, isReached } from './binlog-position.js';
import { BinlogReader } from './binlog-reader.js';
import { stampChange } from './binlog-values.js';
import { readCatalog, readLayouts } from './catalog.js';
import { checkBinlog, refuseHalfBinlog } from './check-binlog.js';
import type { Clients } from './clients.js';
import { mysqlError } from './errors.js';
import { strangeTo } from './mariadb-gtids.js';
import { shapeOf } from './shape.js';
import { silentKeyWarnings } from './silent-keys.js';
import { quoteText } from './sql.js';
import { isSameLayout, type Layout, type Layouts, layoutOf } from './table-layouts.js';
import type { MysqlColumn } from './types.js';

/** What the binlog is read by. */
export interface BinlogOptions {
  readonly clients: Clients;
  readonly settings: ReadingSettings;
  /** The tables as the catalog has them now. */
  readonly relations: () => readonly KeyedRelation<MysqlColumn>[];
  readonly warn: (message: string) => void;
}

/** The binlog of MySQL or MariaDB as a log of changes. */
export class BinlogLog implements ChangeLog {
  /** How many times the lineage has gone over to another server, by the position that is gone on from. */
  private epoch = 0;
  /** Of what the log does not tell, each connection warns once. */
  private hasWarned = false;

  constructor(private readonly options: BinlogOptions) {}

  async end(): Promise<Json> {
    const { clients } = this.options;
    const namesColumns = await refuseHalfBinlog(clients);
    try {
      const position: BinlogPosition = {
        ...(await binlogEnd(clients)),
        epoch: this.epoch,
        ...(namesColumns ? {} : { columns: await this.layouts() }),
      };
      return position as unknown as Json;
    } catch (error) {
      throw mysqlError(error, 'Looking for the end of the binlog');
    }
  }

  async accept(stored: Json): Promise<string | undefined> {
    const position = binlogPosition(stored);
    if (!position) return 'its position is none of a binlog.';
    this.epoch = position.epoch;
    const now = binlogPosition(await this.end())!;
    const isSameServer = now.server === position.server;
    if (position.gtid !== null && !position.gtid.includes(':')) return this.acceptMariadb(position, now);
    if (position.gtid !== null) return this.acceptGtids(position, position.gtid, isSameServer);
    if (!isSameServer)
      return `it was read from the server ${position.server}, and this is ${now.server}; without GTIDs nobody can say where to go on there.`;
    return this.acceptFile(position, now);
  }

  /**
   * `{"state":{"mysql_cdc_offset":{…:"{\"file\":…,\"pos\":…,\"gtids\":…}"}}}`: the beginning of the transaction that was being
   * read. The state does not say which server it is of; its history of tables, compressed or not, is not needed.
   */
  async adopt(shared: JsonObject): Promise<Json> {
    const [offset, ...others] = offsetsOf(shared, 'mysql_cdc_offset');
    if (others.length > 0) throw notAnOffset('it has several');
    const { file, gtids } = offset!;
    const pos = Number(offset!.pos);
    if (typeof file !== 'string' || file === '' || !Number.isSafeInteger(pos) || pos < 0)
      throw notAnOffset("it has no 'file' and 'pos'");
    const gtid = typeof gtids === 'string' && gtids !== '' ? gtids.replaceAll(/\s/g, '') : null;
    // Its transactions say where to go on, on whatever server of the lineage this is; a file and an offset do on its own only.
    if (gtid !== null) return { server: '', file, pos, gtid, epoch: 0 };
    const { server } = binlogPosition(await this.end())!;
    this.options.warn(
      `The state of Airbyte's names no transactions (gtids) and no server: ${file}:${pos} is taken for a place in the binlog of this server, ${server}.`,
    );
    return { server, file, pos, gtid, epoch: 0 };
  }

  async *read(
    from: Json,
    to: Json,
    tables: readonly Table[],
    { signal }: { signal: AbortSignal },
  ): AsyncIterable<LogBatch> {
    const [begin, end] = readingBounds(binlogPosition, [from, to], 'a binlog');
    if (begin.server === end.server ? isReached(begin, end) : begin.gtid !== null && begin.gtid === end.gtid) return;
    const { clients, settings, relations, warn } = this.options;
    const wanted = new Set(tables.map(tableId));
    if (!this.hasWarned) for (const warning of await silentKeyWarnings(clients, tables)) warn(warning);
    this.hasWarned = true;
    const reader = new BinlogReader({
      clients,
      relations: relations().filter((relation) => wanted.has(relationId(relation))),
      from: { ...begin, epoch: this.epoch },
      to: end,
      batchRows: settings.page_rows,
      batchBytes: settings.page_bytes,
      signal,
      warn,
    });
    yield* reader.batches() as AsyncIterable<LogBatch>;
  }

  /** The server keeps its binlog for a time, whoever reads it. */
  async confirm(): Promise<void> {}

  stamp(record: RecordData, position: Json, extractedAt: number): void {
    const at = binlogPosition(position)!;
    stampChange(record, { file: at.file, pos: at.pos, cursor: cursorOf(at), at: extractedAt, isDeleted: false });
  }

  check(tables: readonly Table[]): Promise<Finding[]> {
    return checkBinlog(this.options.clients, tables, this.options.settings);
  }

  async shapes(tables: readonly Table[]): Promise<Map<string, TableShape>> {
    const wishes = tables.map(({ name, namespace }) => ({ name, ...(namespace === undefined ? {} : { namespace }) }));
    const now = await readCatalog(this.options.clients, this.options.settings, wishes);
    return new Map(now.map((relation) => [relationId(relation), shapeOf(relation)]));
  }

  async close(): Promise<void> {}

  /** The columns of the tables that are as the catalog said when it was read: later ones are told by the log. */
  private async layouts(): Promise<Layouts> {
    const followed = this.options.relations().filter(({ primaryKey }) => primaryKey.length > 0);
    const now = await readLayouts(this.options.clients, followed);
    const known: Record<string, Layout> = {};
    for (const relation of followed) {
      const id = relationId(relation);
      const layout = layoutOf(relation);
      if (isSameLayout(layout, now.get(id) ?? [])) known[id] = layout;
    }
    return known;
  }

  private async acceptGtids(
    position: BinlogPosition,
    gtids: string,
    isSameServer: boolean,
  ): Promise<string | undefined> {
    const set = quoteText(gtids);
    const [row] = await this.options.clients.query(
      `SELECT @@gtid_mode, GTID_SUBSET(${set}, @@gtid_executed), GTID_SUBTRACT(@@gtid_purged, ${set})`,
    );
    const [mode, isExecuted, missing] = row ?? [];
    if (mode !== 'ON') return 'it is a set of GTIDs, and the server writes none (gtid_mode).';
    if (isExecuted !== '1')
      return 'this server has not executed all of its transactions: it is of another lineage, or was restored to an earlier time.';
    if (missing)
      return `the server has purged transactions that were not read (${missing.slice(0, 200)}). Keep the binlog longer than the time between two syncs: SET GLOBAL binlog_expire_logs_seconds = 604800;`;
    if (isSameServer) return whyAnotherLog(this.options.clients, position);
    // File numbers of another server may be lower: its changes are ordered behind by the epoch.
    this.epoch++;
    return undefined;
  }

  private async acceptMariadb(position: BinlogPosition, now: BinlogPosition): Promise<string | undefined> {
    if (now.gtid === null) return 'this server has no transactions at all: it is of another lineage.';
    const [row] = await this.options.clients.query('SELECT @@global.gtid_binlog_state');
    const problem = strangeTo(row?.[0] ?? '', position.gtid!);
    if (problem !== undefined) return problem;
    if (now.server === position.server)
      return (await this.acceptFile(position, now)) ?? whyAnotherLog(this.options.clients, position);
    this.epoch++;
    return undefined;
  }

  private async acceptFile(position: BinlogPosition, now: BinlogPosition): Promise<string | undefined> {
    if (!isReached(now, position))
      return `it is behind the end of the binlog (${now.file}:${now.pos}): the server was reset or restored.`;
    const files = await this.options.clients.query('SHOW BINARY LOGS');
    if (files.some(([file]) => file === position.file)) return undefined;
    return `the server has purged the file ${position.file.slice(0, 100)} (its oldest is ${files[0]?.[0]}). Keep the binlog longer than the time between two syncs: SET GLOBAL binlog_expire_logs_seconds = 604800;`;
  }
}
