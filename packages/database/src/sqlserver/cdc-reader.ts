import type { RecordData } from '@tidemark/source';
import type { ReadingSettings } from '../dialect.js';
import { type KeySql, keyPredicate } from '../key-paging.js';
import { type KeyedServer, relationId } from '../keyed/keyed-server.js';
import { PageReader } from '../keyed/page-reader.js';
import type { LogBatch } from '../log/change-log.js';
import { type CaptureInstance, changeTable, type Instances, minStatement } from './cdc-instances.js';
import { type CdcPlace, type CdcPosition, isBehind, placeIn } from './cdc-position.js';
import { noteMissing, stampChange, timeOf } from './cdc-records.js';
import { type FollowedTable, isHeld, lostChanges, type Stretch, stretches } from './cdc-stretches.js';
import type { SqlServerColumn } from './types.js';

/** What changes are read by. */
export interface CdcReading {
  readonly server: KeyedServer<SqlServerColumn>;
  readonly settings: ReadingSettings;
  /** The capture instances as they are now. */
  readonly instances: () => Promise<Instances>;
  readonly tables: readonly FollowedTable[];
  readonly from: CdcPosition;
  readonly to: CdcPosition;
  readonly signal: AbortSignal;
}

interface ChangePage {
  readonly records: RecordData[];
  /** Everything up to here has been read. */
  readonly place: CdcPlace;
}

/** An answer without rows, which is one only if the clean-up job has taken nothing meanwhile. */
interface EmptyAnswer {
  readonly id: string;
  readonly instance: string;
  readonly place: CdcPlace;
}

/** The columns that are read beside a row's own: their order is that of the places of a page. */
const PLACES = 5;
/** The server's clock is local: `lsn_time_mapping` has no zone. */
const COMMIT_TIME =
  'CONVERT(varchar(30), DATEADD(minute, -DATEPART(tzoffset, SYSDATETIMEOFFSET()), (SELECT m.tran_end_time FROM cdc.lsn_time_mapping m WHERE m.start_lsn = c.[__$start_lsn])), 126)';

/**
 * The change tables, one table after the other, each from its own place up to the same end. The position has the place of every
 * table, so that each page can be gone on from: a transaction is cut only where it is larger than a page, and then its place
 * says where.
 */
export class CdcReader {
  private readonly places: Record<string, CdcPlace>;
  private readonly empty: EmptyAnswer[] = [];

  constructor(private readonly reading: CdcReading) {
    this.places = { ...reading.from.tables };
  }

  /** Throws ConnectorError: config where what is to be read is gone. */
  async *batches(): AsyncIterable<LogBatch> {
    const { tables, to, signal } = this.reading;
    const instances = await this.reading.instances();
    for (const table of tables) {
      const id = relationId(table.relation);
      for (const stretch of stretches(table, instances.get(id), placeIn(this.reading.from, id), to.lsn)) {
        for await (const { records, place } of this.read(table, stretch)) {
          this.places[id] = place;
          if (records.length > 0) yield { changes: [{ table: id, records }], position: this.position() };
          if (signal.aborted) return;
        }
      }
      this.places[id] = { lsn: laterOf(this.places[id]?.lsn, to.lsn) };
    }
    await this.verifyEmpty();
    yield { changes: [], position: this.reached() };
  }

  private position() {
    const { database, lsn } = this.reading.from;
    return asJson({ database: database ?? this.reading.to.database, lsn, tables: this.places });
  }

  /** The end, with the tables that are further on already: of others those whose first capture instance is younger than it. */
  private reached() {
    const { to, tables } = this.reading;
    const places = { ...to.tables };
    for (const { relation } of tables) {
      const id = relationId(relation);
      delete places[id];
      const place = this.places[id];
      if (place && place.lsn > to.lsn) places[id] = place;
    }
    return asJson({ ...to, tables: places });
  }

  private async *read(table: FollowedTable, { instance, after, upTo }: Stretch): AsyncIterable<ChangePage> {
    const { signal } = this.reading;
    const found = (column: SqlServerColumn): boolean =>
      instance.columns.has(column.name) && !instance.computed.has(column.name);
    const columns = table.columns.map((column) => (found(column) ? column : { ...column, textOf: () => 'NULL' }));
    const missing = table.columns.filter((column) => !found(column)).map(({ name }) => name);
    const doing = `Reading the changes of ${relationId(table.relation)}`;
    const pages = new PageReader(this.reading.server, columns, PLACES, doing);
    let place = after;
    try {
      while (!isBehind(place, upTo)) {
        const statement = (limit: number): string => changesStatement(instance, columns, { place, upTo, limit });
        const { page, places, more } = await pages.next(statement, signal, true);
        const id = relationId(table.relation);
        if (places.length > 0) await this.verify(id, instance, place);
        else this.empty.push({ id, instance: instance.name, place });
        const next = nextPlace(places, { instance, place, upTo, more });
        const records = page.records.slice(0, next.count);
        for (const [i, record] of records.entries()) {
          const [lsn, command, seqval, operation, at] = places[i] as [string, string, string, string, string];
          stampChange(record, { lsn, command: command || null, seqval, operation, at: timeOf(at) });
          if (operation !== '1') noteMissing(record, missing);
        }
        place = next.place;
        yield { records, place };
        if (signal.aborted) return;
      }
    } finally {
      pages.close();
    }
  }

  /** The clean-up job may have moved on meanwhile: a page that it has taken something of is not handed over. */
  private async verify(id: string, { name }: CaptureInstance, place: CdcPlace): Promise<void> {
    const { server } = this.reading;
    const rows = await server.query(minStatement(name)).catch((error) => {
      throw server.error(error, `Looking at the capture instance '${name}'`);
    });
    const min = rows[0]?.[0] ?? undefined;
    if (min === undefined || /^0*$/.test(min) || !isHeld(min, place)) throw lostChanges(id, min);
  }

  /** The same for what had no rows, all at once. */
  private async verifyEmpty(): Promise<void> {
    if (this.empty.length === 0) return;
    const instances = await this.reading.instances();
    for (const { id, instance, place } of this.empty) {
      const min = instances.get(id)?.find(({ name }) => name === instance)?.min;
      if (min === undefined || !isHeld(min, place)) throw lostChanges(id, min);
    }
  }
}

/** One page of a change table; rows of operation 3, the old images of updates, are left out. */
export function changesStatement(
  instance: CaptureInstance,
  columns: readonly SqlServerColumn[],
  { place, upTo, limit }: { place: CdcPlace; upTo: string; limit: number },
): string {
  const own = columns.map((column) => column.textOf(`c.[${column.name.replaceAll(']', ']]')}]`));
  const list = [
    ...own,
    'CONVERT(varchar(20), c.[__$start_lsn], 2)',
    instance.hasCommands ? 'CONVERT(varchar(10), c.[__$command_id])' : "''",
    'CONVERT(varchar(20), c.[__$seqval], 2)',
    'CONVERT(varchar(1), c.[__$operation])',
    COMMIT_TIME,
  ];
  const order = ['__$start_lsn', ...(instance.hasCommands ? ['__$command_id'] : []), '__$seqval', '__$operation'];
  const where = place.inside
    ? `c.[__$start_lsn] = 0x${place.lsn} AND ${insideOf(place.inside)}`
    : `c.[__$start_lsn] > 0x${place.lsn} AND c.[__$start_lsn] <= 0x${upTo}`;
  return `SELECT TOP (${limit}) ${list.join(', ')} FROM ${changeTable(instance)} c WHERE ${where} AND c.[__$operation] <> 3 ORDER BY ${order.map((name) => `c.[${name}]`).join(', ')}`;
}

function insideOf({ command, seqval, operation }: NonNullable<CdcPlace['inside']>): string {
  const key = [
    // Of a transaction either all rows have a number or none.
    ...(command === null ? [] : [['__$command_id', command] as const]),
    ['__$seqval', `0x${seqval}`] as const,
    ['__$operation', operation] as const,
  ];
  const sql: KeySql = { column: (name) => `c.[${name}]`, value: (text) => text, rowValues: false };
  const names = key.map(([name]) => name);
  const values = key.map(([, value]) => value);
  return `(${keyPredicate(names, values, 'after', sql)})`;
}

/** How many rows of a page are handed over, and the place after them: behind a whole transaction where there is one. */
function nextPlace(
  rows: readonly (readonly string[])[],
  { instance, place, upTo, more }: { instance: CaptureInstance; place: CdcPlace; upTo: string; more: boolean },
): { count: number; place: CdcPlace } {
  const last = rows.at(-1);
  if (!more || !last) return { count: rows.length, place: { lsn: place.inside ? place.lsn : upTo } };
  const [lsn, command, seqval, operation] = last as [string, string, string, string];
  const whole = rows.findLastIndex((row) => row[0] !== lsn) + 1;
  if (whole > 0) return { count: whole, place: { lsn: rows[whole - 1]![0]! } };
  return {
    count: rows.length,
    place: { lsn, inside: { instance: instance.name, command: command || null, seqval, operation } },
  };
}

function laterOf(a: string | undefined, b: string): string {
  return a !== undefined && a > b ? a : b;
}

function asJson(position: CdcPosition) {
  return structuredClone(position) as never;
}
