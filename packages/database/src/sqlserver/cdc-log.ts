import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError, type RecordData } from '@tidemark/source';
import { notAnOffset, offsetsOf } from '../airbyte/log-offset.js';
import type { Finding, ReadingSettings, Table, TableWish } from '../dialect.js';
import { type KeyedRelation, type KeyedServer, relationId } from '../keyed/keyed-server.js';
import type { ChangeLog, LogBatch, LostTables } from '../log/change-log.js';
import { readingBounds } from '../log/reading-bounds.js';
import { tableId } from '../table-id.js';
import { DATABASE_STATEMENT, type Instances, MAX_STATEMENT, readInstances } from './cdc-instances.js';
import { type CdcPosition, cdcPosition, isBehind, placeIn } from './cdc-position.js';
import { CdcReader } from './cdc-reader.js';
import { stampLoaded } from './cdc-records.js';
import { coveringTable, type FollowedTable, isHeld } from './cdc-stretches.js';
import { checkCdc } from './check-cdc.js';
import { sqlServerError } from './errors.js';
import { isLsn, lsnBeside, lsnOfParts } from './lsn.js';
import type { Sessions } from './sessions.js';
import type { SqlServerColumn } from './types.js';

/** What the change tables are read by. */
export interface CdcOptions {
  readonly sessions: Sessions;
  readonly server: KeyedServer<SqlServerColumn>;
  readonly settings: ReadingSettings;
  readonly user: string;
  /** The tables as the catalog has them now, and what is asked of them. */
  readonly relations: () => readonly KeyedRelation<SqlServerColumn>[];
  readonly wishes: () => readonly TableWish[] | undefined;
  readonly warn: (message: string) => void;
}

/** The change tables of SQL Server's change data capture as a log of changes. */
export class CdcLog implements ChangeLog {
  constructor(private readonly options: CdcOptions) {}

  /**
   * Which tables have a capture instance with all columns that are wanted. Where that cannot be seen, or nothing is captured at
   * all, every table: `end` says why then.
   */
  async captured(): Promise<(relation: KeyedRelation<SqlServerColumn>) => boolean> {
    const instances = await this.database()
      .then(({ isEnabled }) => (isEnabled ? this.instances() : undefined))
      .catch(() => undefined);
    if (!instances) return () => true;
    const has = (relation: KeyedRelation<SqlServerColumn>): boolean =>
      coveringTable(this.followed(relation), instances.get(relationId(relation))) !== undefined;
    const without = this.options.relations().filter((relation) => relation.primaryKey.length > 0 && !has(relation));
    if (without.length > 0)
      this.options.warn(
        `${without.length} tables have no capture instance with all of their columns and can be read whole only: ${without.slice(0, 20).map(relationId).join(', ')}${without.length > 20 ? ', …' : ''}. tidemark check names the statement that makes each.`,
      );
    return has;
  }

  async end(): Promise<Json> {
    try {
      const { isEnabled, database } = await this.database();
      if (!isEnabled)
        throw new ConnectorError(
          'config',
          'Change data capture is not enabled for the database. Enable it with: EXEC sys.sp_cdc_enable_db;',
        );
      const max = await this.max();
      if (max === undefined)
        throw new ConnectorError(
          'config',
          'The change tables have no end yet: the capture job has not run. Start the SQL Server Agent, and see that the job runs (EXEC sys.sp_cdc_help_jobs;).',
        );
      // What a table changed before its first instance was made is in no change table, and a load that begins now has it.
      const tables: Record<string, { lsn: string }> = {};
      for (const [id, instances] of await this.instances()) {
        const least = instances.map(({ min }) => lsnBeside(min, -1)).sort()[0];
        if (least !== undefined && least > max) tables[id] = { lsn: least };
      }
      return { database, lsn: max, tables };
    } catch (error) {
      throw sqlServerError(error, 'Looking for the end of the change tables');
    }
  }

  async accept(stored: Json, tables: readonly Table[]): Promise<string | LostTables | undefined> {
    const position = cdcPosition(stored);
    if (!position) return 'its position is none of change tables.';
    try {
      const { isEnabled, database } = await this.database();
      if (!isEnabled) return 'change data capture is not enabled for the database any more.';
      if (position.database !== null && database !== null && position.database !== database)
        return `it was read from the database ${position.database}, and this is ${database}: another one, or one that was made anew.`;
      const max = await this.max();
      if (max === undefined || position.lsn > max)
        return `it is behind the end of the change tables (${max === undefined ? 'they have none' : `0x${max}`}): the database was restored to an earlier time, or its capture began anew.`;
      return lostTables(position, await this.instances(), tables);
    } catch (error) {
      throw sqlServerError(error, 'Looking at the change tables');
    }
  }

  /**
   * `{"state":{"mssql_cdc_offset":{…}}}`. Whether all of the transaction that it names was read, it does not say for sure: that
   * one comes again.
   */
  async adopt(shared: JsonObject): Promise<Json> {
    const lsns = offsetsOf(shared, 'mssql_cdc_offset').flatMap(({ commit_lsn }) => lsnOfParts(commit_lsn) ?? []);
    const highest = lsns.sort().at(-1);
    if (highest === undefined) throw notAnOffset("it has no 'commit_lsn'");
    try {
      const { database } = await this.database();
      return { database, lsn: lsnBeside(highest, -1), tables: {} };
    } catch (error) {
      throw sqlServerError(error, 'Looking at the database');
    }
  }

  async *read(
    from: Json,
    to: Json,
    tables: readonly Table[],
    { signal }: { signal: AbortSignal },
  ): AsyncIterable<LogBatch> {
    const [begin, end] = readingBounds(cdcPosition, [from, to], 'change tables');
    const wanted = new Set(tables.map(tableId));
    const followed = this.options.relations().filter((relation) => wanted.has(relationId(relation)));
    const isReached = followed.every((relation) => isBehind(placeIn(begin, relationId(relation)), end.lsn));
    if (isReached && begin.lsn >= end.lsn) return;
    const { server, settings } = this.options;
    const reader = new CdcReader({
      server,
      settings,
      instances: () => this.instances(),
      tables: followed.map((relation) => this.followed(relation)),
      from: begin,
      to: end,
      signal,
    });
    yield* reader.batches();
  }

  /** The server keeps its changes for a time, whoever reads them. */
  async confirm(): Promise<void> {}

  stamp(record: RecordData, position: Json, extractedAt: number): void {
    stampLoaded(record, cdcPosition(position)!.lsn, extractedAt);
  }

  check(tables: readonly Table[]): Promise<Finding[]> {
    const { sessions, user, relations, settings } = this.options;
    const wanted = new Set(tables.map(tableId));
    const followed = relations().filter((relation) => wanted.has(relationId(relation)) && !relation.isView);
    return checkCdc(
      sessions,
      followed.map((relation) => this.followed(relation)),
      user,
      settings,
    );
  }

  async close(): Promise<void> {}

  private followed(relation: KeyedRelation<SqlServerColumn>): FollowedTable {
    const wish = this.options
      .wishes()
      ?.find((each) => each.name === relation.name && (each.namespace ?? relation.schema) === relation.schema);
    const columns = relation.columns.filter(({ name }) => wish?.columns === undefined || wish.columns.includes(name));
    return { relation, columns };
  }

  private async database(): Promise<{ isEnabled: boolean; database: string | null }> {
    const [row] = await this.options.sessions.query(DATABASE_STATEMENT);
    return { isEnabled: row?.[0] === '1', database: row?.[1] ?? null };
  }

  private async max(): Promise<string | undefined> {
    const [row] = await this.options.sessions.query(MAX_STATEMENT);
    const lsn = row?.[0];
    return isLsn(lsn) && !/^0*$/.test(lsn) ? lsn : undefined;
  }

  private async instances(): Promise<Instances> {
    try {
      return await readInstances(this.options.sessions);
    } catch (error) {
      throw sqlServerError(error, 'Looking at the capture instances');
    }
  }
}

/** The tables of which changes are gone that were not read, with the reason. */
function lostTables(position: CdcPosition, instances: Instances, tables: readonly Table[]): LostTables | undefined {
  const lost = tables.map(tableId).flatMap((id) => {
    const own = instances.get(id);
    if (!own) return [{ id, why: `${id} has no capture instance any more` }];
    const place = placeIn(position, id);
    if (own.some(({ min }) => isHeld(min, place))) return [];
    const least = own.map(({ min }) => min).sort()[0];
    return [{ id, why: `the changes of ${id} are there from 0x${least} on, and were read up to 0x${place.lsn}` }];
  });
  if (lost.length === 0) return undefined;
  const why = `${lost.map((each) => each.why).join('; ')}. The clean-up job keeps changes for a time, three days unless it is told otherwise; keep them longer than the time between two syncs: EXEC sys.sp_cdc_change_job @job_type = N'cleanup', @retention = 10080;`;
  return { why, tables: lost.map(({ id }) => id) };
}
