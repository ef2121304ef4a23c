import type { RecordData } from '@tidemark/source';
import type { LogBatch, TableChanges } from '../log/change-log.js';
import { rowDecoder } from '../row-decoder.js';
import type { CatalogTable } from './catalog.js';
import type { PostgresColumn } from './types.js';
import { type LoggedRelation, layoutOf } from './wal-layout.js';
import { sequence } from './wal-position.js';

/** A row as the log has it: texts by column, null for SQL's null, undefined for what did not change and is not sent. */
export type WalRow = Record<string, string | null | undefined>;

/** A transaction that changes are gathered of. */
export interface Transaction {
  commit: bigint;
  /** Milliseconds since the epoch. */
  at: number;
  /** Changes so far. */
  count: number;
}

/** A record with values that are not in the log: large ones that did not change, and those of columns that were added later. */
export interface Unsent {
  table: CatalogTable;
  record: RecordData;
  /** The texts of the primary key, as the log has them. */
  key: readonly (string | null)[];
  columns: PostgresColumn[];
}

interface Target {
  table: CatalogTable;
  /** Of the table or leaf that the log names so. */
  oid: string;
  /** Columns that the rows that come next do not have yet. */
  added: ReadonlySet<string>;
  decode: ReturnType<typeof rowDecoder>;
}

/** Sets the log's columns. */
export function stampChange(record: RecordData, commit: bigint, index: number, at: number, isDeleted: boolean): void {
  const time = new Date(at).toISOString();
  record._ab_cdc_lsn = commit <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(commit) : commit;
  record._ab_cdc_cursor = sequence(commit, index);
  record._ab_cdc_updated_at = time;
  record._ab_cdc_deleted_at = isDeleted ? time : null;
}

/** Gathers the changes of transactions as records: the same that a load makes of the same rows. */
export class WalChanges {
  private readonly targets = new Map<string, Target>();
  private changes: TableChanges[] = [];
  private unsent: Unsent[] = [];
  rows = 0;

  constructor(
    tables: readonly CatalogTable[],
    private readonly isChosen: (table: CatalogTable, column: string) => boolean,
  ) {
    for (const table of tables) {
      const decode = rowDecoder(table.columns);
      // A leaf may be what the log names.
      for (const { id, oid } of [table.relation, ...table.leaves])
        this.targets.set(id, { table, oid, added: new Set(), decode });
    }
  }

  /** Whether the rows of what the log names so are read. */
  has(name: string): boolean {
    return this.targets.has(name);
  }

  /** Whether a row got another primary key: the log has the old row also where other columns of its identity changed, or none. */
  hasOtherKey(name: string, before: WalRow, now: WalRow): boolean {
    const key = this.targets.get(name)?.table.primaryKey ?? [];
    return key.some((column) => now[column] !== undefined && before[column] !== now[column]);
  }

  /** The rows that come next are of a table that was like this. Gives why they cannot be read, in a sentence. */
  describe(name: string, logged: LoggedRelation): string | undefined {
    const target = this.targets.get(name);
    if (!target) return undefined;
    const { table, oid } = target;
    const layout = layoutOf(table, oid, logged, (column) => this.isChosen(table, column));
    if ('why' in layout) return layout.why;
    target.added = new Set(layout.added.map((column) => column.name));
    return undefined;
  }

  /** Nothing is read any more of the tables that these names are of, or of leaves of: their ids, those that were read until now. */
  leave(names: readonly string[]): string[] {
    const left = new Set(names.flatMap((name) => this.targets.get(name)?.table ?? []));
    for (const [name, { table }] of [...this.targets]) if (left.has(table)) this.targets.delete(name);
    return [...left].map(({ relation }) => relation.id);
  }

  add(name: string, row: WalRow, isDeleted: boolean, transaction: Transaction): void {
    const target = this.targets.get(name)!;
    const { table } = target;
    const missing: PostgresColumn[] = [];
    const texts = table.columns.map((column) => {
      const text = row[column.name];
      const isUnsent = text === undefined && (Object.hasOwn(row, column.name) || target.added.has(column.name));
      if (isUnsent && !isDeleted) missing.push(column);
      return text ?? null;
    });
    const record = target.decode(texts);
    stampChange(record, transaction.commit, ++transaction.count, transaction.at, isDeleted);
    if (missing.length > 0) {
      const key = table.primaryKey.map((column) => row[column] ?? null);
      this.unsent.push({ table, record, key, columns: missing });
    }
    const id = table.relation.id;
    const last = this.changes.at(-1);
    if (last?.table === id) last.records.push(record);
    else this.changes.push({ table: id, records: [record] });
    this.rows++;
  }

  /** What was gathered, and the records in it that lack values. */
  take(): { changes: LogBatch['changes']; unsent: Unsent[] } {
    const taken = { changes: this.changes, unsent: this.unsent };
    this.changes = [];
    this.unsent = [];
    this.rows = 0;
    return taken;
  }
}
