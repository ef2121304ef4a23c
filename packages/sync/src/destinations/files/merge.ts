import { quote } from '../duckdb/column.js';
import type { Db } from '../duckdb/database.js';
import { fieldSql, removeSuperseded } from '../duckdb/dedup.js';
import type { Columns } from '../sql/column.js';
import { DELETED_FIELD } from '../sql/sql-database.js';
import type { FilesContext } from './context.js';
import type { Replaced } from './evolve.js';
import type { Part } from './manifest.js';
import { aboutOf, rawOf, rowBytesOf, rowsOf } from './part-files.js';

/** About how much the rows of a part that a merge makes take in memory. */
const PART_BYTES = 256 * 1024 * 1024;

/** What is to be merged. */
export interface MergeOrder {
  columns: Columns;
  primaryKey: readonly (readonly string[])[];
  cursorField: readonly string[];
  /** Parts that have one row for each key already, or, without `fresh`, any number. */
  stay: readonly Part[];
  /** Parts whose rows supersede those of `stay` and each other. Absent: the rows of `stay` supersede each other. */
  fresh?: readonly Part[];
  /** Where new parts go. */
  folder: string;
}

/** The parts of `stay` that were written anew, and parts with the rows that took the place of others. */
export interface Merged {
  replaced: Replaced;
  made: Part[];
}

/**
 * Leaves one row for each primary key: the one with the greatest cursor, of equal ones the last. Only parts that have rows
 * of a key in question are written again; rows of such keys are put together in a table and settled there.
 */
export async function mergeParts(db: Db, context: FilesContext, order: MergeOrder): Promise<Merged> {
  const keys = order.primaryKey.map((path) => fieldSql(order.columns, path)).filter((sql) => sql !== undefined);
  const fields = [...order.primaryKey, order.cursorField, [DELETED_FIELD]].flatMap(([field]) => field ?? []);
  const merge = new Merge(db, context, order, keys, context.files.format.carried(order.columns, fields));
  try {
    return await merge.run();
  } finally {
    await merge.close();
  }
}

class Merge {
  private readonly keyTable: string;
  private readonly rowTable: string;
  private readonly replaced: Replaced = new Map();

  constructor(
    private readonly db: Db,
    private readonly context: FilesContext,
    private readonly order: MergeOrder,
    private readonly keys: readonly string[],
    private readonly carried: Columns,
  ) {
    this.keyTable = context.staging.tableName();
    this.rowTable = context.staging.tableName();
  }

  async run(): Promise<Merged> {
    const { db, order, keys, carried } = this;
    const { files } = this.context;
    if (order.fresh?.length === 0) return { replaced: this.replaced, made: [] };
    const all = [...order.stay, ...(order.fresh ?? [])];
    await this.context.staging.memory.need(this, carried.list.length, rowsOf(all), rawOf(all));
    await db.run(`CREATE TABLE ${this.rowTable} AS ${await files.format.rows(db, [], carried)}`);
    if (keys.length > 0) await (order.fresh ? this.keysOf(order.fresh) : this.doubledKeys());
    const rows: Part[] = [...(order.fresh ?? [])];
    for (const part of order.fresh ?? []) await this.insert(part);
    if (keys.length > 0) for (const part of order.stay) if (await this.takeOut(part)) rows.push(part);
    if (rows.length === 0) return { replaced: this.replaced, made: [] };
    await removeSuperseded(db, this.rowTable, carried, order, 0);
    return { replaced: this.replaced, made: await this.write(rows) };
  }

  async close(): Promise<void> {
    this.context.staging.memory.release(this);
    for (const table of [this.keyTable, this.rowTable])
      await this.db.run(`DROP TABLE IF EXISTS ${table}`).catch(() => undefined);
  }

  /** The keys of all rows of some parts. */
  private async keysOf(parts: readonly Part[]): Promise<void> {
    const all = this.context.staging.tableName();
    await this.collect(parts, all);
    await this.db.run(`CREATE TABLE ${this.keyTable} AS SELECT DISTINCT ${this.names()} FROM ${all}`);
    await this.db.run(`DROP TABLE ${all}`);
  }

  /** The keys that more than one row has, and those of rows that were deleted at the source. */
  private async doubledKeys(): Promise<void> {
    const all = this.context.staging.tableName();
    await this.collect(this.order.stay, all);
    await this.db.run(
      `CREATE TABLE ${this.keyTable} AS SELECT ${this.names()} FROM ${all} GROUP BY ${this.names()} HAVING count(*) > 1 OR bool_or(_tidemark_deleted)`,
    );
    await this.db.run(`DROP TABLE ${all}`);
  }

  private async collect(parts: readonly Part[], table: string): Promise<void> {
    const deletedAt = this.carried.get(DELETED_FIELD);
    const deleted = deletedAt ? `${quote(deletedAt.name)} IS NOT NULL` : 'false';
    const anyKey = this.keys.map((key) => `${key} IS NOT NULL`).join(' OR ');
    const select = (rows: string) =>
      `SELECT ${this.named()}, ${deleted} AS _tidemark_deleted FROM (${rows}) WHERE ${anyKey}`;
    const { files } = this.context;
    await this.db.run(`CREATE TABLE ${table} AS ${select(await files.format.rows(this.db, [], this.carried))}`);
    for (const part of parts)
      await files.reading([part], async (local) =>
        this.db.run(`INSERT INTO ${table} ${select(await files.rows(this.db, [part], local, this.carried))}`),
      );
  }

  private async insert(part: Part): Promise<void> {
    const { files } = this.context;
    await files.reading([part], async (local) =>
      this.db.run(`INSERT INTO ${this.rowTable} ${await files.rows(this.db, [part], local, this.carried)}`),
    );
  }

  /** Moves the rows of keys in question to the table; the part is replaced by one without them. */
  private async takeOut(part: Part): Promise<boolean> {
    const { files } = this.context;
    const same = this.keys.map((key, index) => `k._tidemark_k${index} IS NOT DISTINCT FROM ${key}`).join(' AND ');
    const isMeant = `EXISTS (SELECT 1 FROM ${this.keyTable} AS k WHERE ${same})`;
    const found = await files.reading([part], async (local) => {
      const rows = await files.rows(this.db, [part], local, this.carried);
      const { Count } = await this.db.one(`INSERT INTO ${this.rowTable} SELECT * FROM (${rows}) WHERE ${isMeant}`);
      return Number(Count);
    });
    if (found === 0) return false;
    const rest = found === part.rows ? undefined : await this.rest(part, isMeant);
    this.replaced.set(part.path, rest);
    return true;
  }

  private async rest(part: Part, isMeant: string): Promise<Part | undefined> {
    return this.context.files.filtered(this.db, part, this.carried, this.fields(), `NOT ${isMeant}`, this.order.folder);
  }

  private fields(): string[] {
    return this.carried.list.map(({ field }) => field);
  }

  /** The settled rows, in parts of a bearable size. */
  private async write(from: readonly Part[]): Promise<Part[]> {
    const { files } = this.context;
    const step = Math.max(100, Math.ceil(PART_BYTES / Math.max(1, rowBytesOf(from))));
    const { last } = await this.db.one(`SELECT max(rowid) AS last FROM ${this.rowTable}`);
    const made: Part[] = [];
    if (last === null || last === undefined) return made;
    for (let at = 0; at <= Number(last); at += step) {
      const slice = `(SELECT * FROM ${this.rowTable} WHERE rowid >= ${at} AND rowid < ${at + step})`;
      const select = files.format.fromRows(slice, this.carried);
      const part = await files.make(this.db, select, this.order.folder, aboutOf(from, false), {
        rowBytes: rowBytesOf(from),
      });
      if (part) made.push(part);
    }
    return made;
  }

  private named(): string {
    return this.keys.map((key, index) => `${key} AS _tidemark_k${index}`).join(', ');
  }

  private names(): string {
    return this.keys.map((_, index) => `_tidemark_k${index}`).join(', ');
  }
}
