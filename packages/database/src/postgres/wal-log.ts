import { setTimeout as sleep } from 'node:timers/promises';
import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError, type RecordData } from '@tidemark/source';
import { notAnOffset, offsetsOf } from '../airbyte/log-offset.js';
import type { Finding, ReadingSettings, Table } from '../dialect.js';
import type { ChangeLog, LogBatch } from '../log/change-log.js';
import { readingBounds } from '../log/reading-bounds.js';
import type { TableShape } from '../log/table-shape.js';
import { tableId } from '../table-id.js';
import { type CatalogTable, readCatalog } from './catalog.js';
import { checkPublication, type PublishedTable } from './check-publication.js';
import { slotStatement } from './check-slot.js';
import { checkWal } from './check-wal.js';
import type { Clients } from './clients.js';
import type { PostgresConfig } from './config.js';
import { postgresError } from './errors.js';
import { digestsOf } from './shape.js';
import { stampChange } from './wal-changes.js';
import { lsnNumber, lsnText, type WalPosition, walPosition } from './wal-position.js';
import { WalReader } from './wal-reader.js';
import { logEnd, whyNotInLog } from './wal-timeline.js';

/** Commits that wait for a standby are in the log before anybody can see them; they are waited for this long. */
const VISIBLE_TRIES = 50;
const VISIBLE_WAIT_MS = 200;
/** A slot that somebody else reads is not waited for longer. */
const FREE_TRIES = 20;
const FREE_WAIT_MS = 50;
/** While the log is read, the slot's state is looked at this often. */
const LOOK_MS = 10_000;

/** What the log is read by. */
export interface WalOptions {
  readonly config: PostgresConfig;
  readonly clients: Clients;
  readonly settings: ReadingSettings;
  readonly slot: string;
  readonly publication: string;
  /** The tables as the catalog has them now. */
  readonly tables: () => readonly CatalogTable[];
  /** Whether a column of a table is wanted at all. */
  readonly isChosen: (table: CatalogTable, column: string) => boolean;
  readonly warn: (message: string) => void;
}

interface SlotRow {
  plugin: string;
  database: string;
  status: string | null;
  confirmed: string | null;
  /** Somebody reads it. */
  active: string;
}

/** PostgreSQL's logical replication as a log of changes. */
export class WalLog implements ChangeLog {
  private system: string | undefined;
  private reader: WalReader | undefined;
  private readonly warned = new Set<string>();
  /** When the slot is looked at again while it is read. */
  private nextLook = 0;

  constructor(private readonly options: WalOptions) {}

  async end(): Promise<Json> {
    const { clients, slot } = this.options;
    try {
      const existing = await this.slotRow();
      if (!existing) throw missing(`There is no replication slot '${slot}'.`, slotStatement(slot));
      const end = await logEnd(clients);
      await this.visible();
      const position: WalPosition = { system: await this.systemId(), ...end };
      return position as unknown as Json;
    } catch (error) {
      throw postgresError(error, 'Looking for the end of the log');
    }
  }

  async accept(stored: Json): Promise<string | undefined> {
    const { slot, config } = this.options;
    const position = walPosition(stored);
    if (!position) return 'its position is none of a write-ahead log.';
    try {
      const system = await this.systemId();
      if (system !== position.system)
        return `it was read from the cluster ${position.system}, and this is ${system}: another one, or one that was made anew.`;
      const row = await this.slotRow();
      if (!row) return `the replication slot '${slot}' does not exist any more.`;
      if (row.plugin !== 'pgoutput')
        return `the replication slot '${slot}' is for the plugin ${row.plugin}, not pgoutput.`;
      if (row.database !== config.database) return `the replication slot '${slot}' is of the database ${row.database}.`;
      if (row.status === 'lost')
        return `the server has removed what the replication slot '${slot}' had still to read (max_slot_wal_keep_size).`;
      if (row.confirmed !== null && lsnNumber(row.confirmed) > lsnNumber(position.lsn))
        return `the replication slot '${slot}' is ahead of it (${row.confirmed}, the state is at ${position.lsn}): another reader has used the slot, or it was made anew.`;
      return await whyNotInLog(position, this.options.clients);
    } catch (error) {
      throw postgresError(error, 'Looking at the replication slot');
    }
  }

  /**
   * `{"state":{"[\"db\",…]":"{\"lsn\":…,\"lsn_commit\":…}"}}`: the last commit before which nothing is missing. What came since
   * comes again. The state does not say which cluster it is of.
   */
  async adopt(shared: JsonObject): Promise<Json> {
    const numbers = offsetsOf(shared).flatMap(({ lsn, lsn_commit, lsn_proc }) =>
      [lsn, lsn_commit, lsn_proc].flatMap((each) => (/^\d{1,20}$/.test(String(each)) ? [BigInt(String(each))] : [])),
    );
    const least = numbers.sort((a, b) => (a < b ? -1 : 1))[0];
    if (least === undefined) throw notAnOffset("it has no 'lsn'");
    try {
      return { system: await this.systemId(), lsn: lsnText(least), timeline: null };
    } catch (error) {
      throw postgresError(error, 'Looking at the cluster');
    }
  }

  async *read(
    from: Json,
    to: Json,
    tables: readonly Table[],
    { signal }: { signal: AbortSignal },
  ): AsyncIterable<LogBatch> {
    const [begin, end] = readingBounds(walPosition, [from, to], 'a write-ahead log');
    if (lsnNumber(begin.lsn) >= lsnNumber(end.lsn)) return;
    const { clients, slot, publication, settings, warn, isChosen } = this.options;
    const wanted = new Set(tables.map(tableId));
    const reader = new WalReader({
      clients,
      slot,
      publication,
      tables: this.options.tables().filter((table) => wanted.has(table.relation.id)),
      isChosen,
      from: begin,
      to: end,
      batchRows: settings.page_rows,
      batchBytes: settings.page_bytes,
      signal,
      warn,
    });
    this.reader = reader;
    this.nextLook = 0;
    try {
      yield* reader.batches();
    } finally {
      this.reader = undefined;
    }
  }

  async confirm(stored: Json): Promise<void> {
    const position = walPosition(stored);
    if (!position) return;
    const { clients, slot } = this.options;
    if (this.reader) {
      // Nobody else can move a slot that is in use.
      this.reader.stored(position);
      await this.lookAtSlot();
      return;
    }
    try {
      await this.free();
      await clients.query(
        `SELECT pg_replication_slot_advance(slot_name, $2::pg_lsn) FROM pg_replication_slots
          WHERE slot_name = $1 AND NOT active AND confirmed_flush_lsn < $2::pg_lsn`,
        [slot, position.lsn],
      );
      this.warnOfSlot((await this.slotRow())?.status);
    } catch (error) {
      // The server keeps more of its log than it needs to; reading it is not in danger.
      this.options.warn(`${postgresError(error, `Moving the replication slot '${slot}' on`).message}`);
    }
  }

  stamp(record: RecordData, position: Json, extractedAt: number): void {
    stampChange(record, lsnNumber(walPosition(position)!.lsn), 0, extractedAt, false);
  }

  check(tables: readonly Table[]): Promise<Finding[]> {
    const { clients, slot, publication, config, settings } = this.options;
    return checkWal(
      clients,
      { slot, publication, user: config.user, database: config.database },
      this.published(tables),
      settings,
    );
  }

  async unsent(tables: readonly Table[]): Promise<Finding[]> {
    const { clients, publication } = this.options;
    try {
      const findings = await checkPublication(clients, publication, this.published(tables));
      const ofEach = ({ problem, remedy }: Finding): Finding[] =>
        tables.map((table) => ({ severity: 'table', table: tableId(table), problem, remedy }));
      return findings.flatMap((finding) => (finding.severity === 'blocking' ? ofEach(finding) : [finding]));
    } catch (error) {
      throw postgresError(error, 'Looking at what the log needs');
    }
  }

  async shapes(tables: readonly Table[]): Promise<Map<string, TableShape>> {
    try {
      const { clients } = this.options;
      const wanted = new Set(tables.map(tableId));
      const known = this.options.tables().filter(({ relation }) => wanted.has(relation.id));
      const digests = await digestsOf(
        clients,
        known.map(({ relation }) => relation.oid),
      );
      // Nearly always none: of these alone the catalog is read.
      const altered = known.filter(({ relation, digest }) => digests.get(relation.oid) !== digest);
      const wishes = altered.map(({ relation: { schema, name } }) => ({ name, namespace: schema }));
      const now = altered.length > 0 ? await readCatalog(clients, [], wishes) : [];
      const others = known.filter((table) => !altered.includes(table));
      return new Map([...others, ...now].map(({ relation, shape }) => [relation.id, shape]));
    } catch (error) {
      throw postgresError(error, 'Reading the catalog of the database');
    }
  }

  async close(): Promise<void> {}

  /** While the log is read, which may take long: not for each of its positions. */
  private async lookAtSlot(): Promise<void> {
    const now = performance.now();
    if (now < this.nextLook) return;
    this.nextLook = now + LOOK_MS;
    try {
      this.warnOfSlot((await this.slotRow())?.status);
    } catch (error) {
      // Reading goes on without it.
      this.options.warn(`${postgresError(error, `Looking at the replication slot '${this.options.slot}'`).message}`);
    }
  }

  /** Once for each: the log has grown beyond what the server wants to keep. */
  private warnOfSlot(status: string | null | undefined): void {
    if ((status !== 'extended' && status !== 'unreserved') || this.warned.has(status)) return;
    this.warned.add(status);
    const { slot, warn } = this.options;
    warn(
      status === 'extended'
        ? `The server keeps more of its log than max_wal_size for the replication slot '${slot}'. Shorter pauses between syncs, or a shorter log_load_seconds, keep it small.`
        : `The replication slot '${slot}' is about to be lost: it is further behind than max_slot_wal_keep_size allows. Raise that, or the tables have to be loaded again.`,
    );
  }

  private published(tables: readonly Table[]): PublishedTable[] {
    const { tables: catalog, isChosen } = this.options;
    const names = new Set(tables.map(tableId));
    return catalog()
      .filter(({ relation }) => names.has(relation.id))
      .map((table) => {
        const columns = table.columns.map((column) => column.name);
        return { table, columns: columns.filter((column) => isChosen(table, column)) };
      });
  }

  private async slotRow(): Promise<SlotRow | undefined> {
    const [row] = await this.options.clients.query<SlotRow>(
      `SELECT plugin, database, to_jsonb(s)->>'wal_status' AS status, confirmed_flush_lsn::text AS confirmed,
        active::text AS active FROM pg_replication_slots s WHERE slot_name = $1`,
      [this.options.slot],
    );
    return row;
  }

  private async systemId(): Promise<string> {
    if (this.system === undefined) {
      const [row] = await this.options.clients.query<{ id: string }>(
        'SELECT system_identifier::text AS id FROM pg_control_system()',
      );
      this.system = row!.id;
    }
    return this.system;
  }

  /** The server's end of a reading that is over goes a moment later than ours; a slot in use cannot be moved. */
  private async free(): Promise<void> {
    for (let tries = 0; tries < FREE_TRIES; tries++) {
      if ((await this.slotRow())?.active !== 'true') return;
      await sleep(FREE_WAIT_MS);
    }
  }

  /** A load that begins now must see every commit that is in the log before the position. */
  private async visible(): Promise<void> {
    for (let tries = 0; tries < VISIBLE_TRIES; tries++) {
      const [row] = await this.options.clients.query<{ waiting: string }>(
        "SELECT count(*)::text AS waiting FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
      );
      if (row?.waiting === '0') break;
      await sleep(VISIBLE_WAIT_MS);
    }
  }
}

function missing(problem: string, remedy: string): ConnectorError {
  return new ConnectorError('config', `${problem} Make it with: ${remedy}`);
}
