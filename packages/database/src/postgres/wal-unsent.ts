import { noteChanges, type RecordChange, type RecordData } from '@tidemark/source';
import { LOST } from '../column.js';
import type { LogBatch, TableBreak, TableChanges } from '../log/change-log.js';
import type { Clients } from './clients.js';
import { postgresError } from './errors.js';
import { name, qualified } from './sql.js';
import type { Unsent } from './wal-changes.js';

/** Rows that are looked up together at first, and at most. */
const ROWS = { first: 8, most: 1_000 };
/** What the server says of a table or a value: another table may be looked up all the same. */
const OF_A_TABLE = /^(22|42)/;

/**
 * A batch with the values that the log does not have, in parts: what was looked up is handed on before more than `bytesMax` of it
 * is held (by one row at most), for the log says nothing of how large such values are. The last part has the batch's position.
 * `unsent`, in the order of the changes, is emptied: what was handed on is held by nobody here. A table that cannot be looked up
 * is left out, and `refuse` is told.
 */
export async function* withUnsent(
  clients: Clients,
  batch: LogBatch,
  unsent: Unsent[],
  bytesMax: number,
  refuse: (refused: TableBreak) => void,
): AsyncGenerator<LogBatch, void, undefined> {
  unsent.reverse();
  const lookUps = new LookUps(clients, batch, unsent, bytesMax, refuse);
  while (unsent.length > 0) {
    const part = await lookUps.nextPart();
    if (part) yield part;
  }
  yield batch;
}

class LookUps {
  private wanted = ROWS.first;
  /** Of values in the part that is being made. */
  private bytes = 0;
  /** Of values that were looked up with those of rows before them, by row. */
  private readonly looked = new Map<Unsent, number>();
  private ahead = 0;

  constructor(
    private readonly clients: Clients,
    private readonly batch: LogBatch,
    /** The next row is the last. */
    private readonly unsent: Unsent[],
    private readonly bytesMax: number,
    private readonly refuse: (refused: TableBreak) => void,
  ) {}

  /** Looks after one row; gives a part when there is enough for one. No record is held here while a part is handed on. */
  async nextPart(): Promise<LogBatch | undefined> {
    const { unsent, looked } = this;
    const next = unsent.at(-1)!;
    if (!looked.has(next) && !(await this.lookUpFrom(next))) return undefined;
    unsent.pop();
    const own = looked.get(next)!;
    looked.delete(next);
    this.ahead -= own;
    this.bytes += own;
    if (this.bytes < this.bytesMax || unsent.length === 0) return undefined;
    this.bytes = 0;
    return { changes: takeUpTo(this.batch.changes, next.record) };
  }

  /** Looks up this row, and others that come soon. False: its table is left. */
  private async lookUpFrom(next: Unsent): Promise<boolean> {
    const { unsent, looked, bytesMax } = this;
    const { table, columns } = next;
    const isAlike = (other: Unsent): boolean =>
      other.table === table &&
      !looked.has(other) &&
      other.columns.length === columns.length &&
      other.columns.every((column, i) => column === columns[i]);
    const alike = unsent.slice(-this.wanted).reverse().filter(isAlike);
    let found: Found[];
    try {
      found = await lookUp(this.clients, alike, bytesMax - this.bytes - this.ahead);
    } catch (error) {
      const { id } = table.relation;
      const why = postgresError(error, `Looking up large values of ${id}`);
      if (!OF_A_TABLE.test(String((error as { code?: unknown }).code))) throw why;
      this.batch.changes = this.batch.changes.filter((each) => each.table !== id);
      keep(unsent, (each) => each.table !== table);
      this.refuse({ table: id, why: why.message, isLost: false });
      return false;
    }
    let bytes = 0;
    for (const row of found) {
      const each = alike[Number(row.place) - 1]!;
      fill(each, row);
      looked.set(each, Number(row.bytes));
      bytes += Number(row.bytes);
    }
    this.ahead += bytes;
    // So many the next time that they are about half of what may be held.
    const fit = bytes === 0 ? ROWS.most : Math.floor((bytesMax / 2 / bytes) * found.length);
    this.wanted = Math.max(1, Math.min(ROWS.most, this.wanted * 4, fit));
    return true;
  }
}

/** Takes the others out of a list. */
export function keep<T>(list: T[], isKept: (each: T) => boolean): void {
  let kept = 0;
  for (const each of list) if (isKept(each)) list[kept++] = each;
  list.length = kept;
}

/** Takes the changes up to a record, and with it, out of the list. */
function takeUpTo(changes: TableChanges[], record: RecordData): TableChanges[] {
  const taken: TableChanges[] = [];
  for (let next = changes[0]; next; next = changes[0]) {
    const count = next.records.indexOf(record) + 1;
    const all = next.records.length;
    taken.push({ table: next.table, records: next.records.splice(0, count || all) });
    if (next.records.length === 0) changes.shift();
    if (count > 0) break;
  }
  return taken;
}

/** `place` counts from 1; `bytes` are those of the values; `c0` and so on are the values; `one` is null for a row that is gone. */
type Found = Record<string, string | null>;

/** Rows by their keys, as the log has them, in the order of the list: the first, and those that still fit with what is before them. Throws what the server says. */
async function lookUp(clients: Clients, rows: readonly Unsent[], bytesMax: number): Promise<Found[]> {
  const { table, columns } = rows[0]!;
  const { relation, primaryKey } = table;
  const key = primaryKey.map((column) => table.columns.find((each) => each.name === column)!);
  const values = columns.map((_, i) => `c${i}`);
  const bytes = values.map((value) => `coalesce(pg_catalog.octet_length(${value}), 0)`).join(' + ');
  // One row of the key each time, by its index: a join could be planned as a scan of the table.
  const row = `SELECT 1 AS one, ${columns.map((column, i) => `${name(column.name)}::text AS c${i}`).join(', ')}
      FROM ${qualified(relation.schema, relation.name)}
      WHERE ${key.map((column, i) => `${name(column.name)} = k.k${i}::${column.type}`).join(' AND ')} LIMIT 1`;
  const given = key.map((_, i) => `$${i + 1}::text[]`).join(', ');
  const names = [...key.map((_, i) => `k${i}`), 'place'].join(', ');
  const sized = `SELECT k.place, v.*, ${bytes} AS bytes FROM unnest(${given}) WITH ORDINALITY AS k(${names})
      LEFT JOIN LATERAL (${row}) v ON true`;
  const before = 'sum(bytes) OVER (ORDER BY place ROWS UNBOUNDED PRECEDING) - bytes AS before';
  const keys = key.map((_, i) => rows.map((each) => each.key[i] ?? null));
  return clients.query<Found>(
    `SELECT * FROM (SELECT s.*, ${before} FROM (${sized}) s) f WHERE place = 1 OR before < $${key.length + 1}::numeric ORDER BY place`,
    [...keys, bytesMax],
  );
}

/**
 * Large values that an update did not touch, and values of columns that were added later, are not in the log: they are
 * looked up by the row's key. What is found may be newer than the change; then a later change of the log says so. A row that is
 * gone meanwhile has its values noted as lost.
 */
function fill({ record, columns }: Unsent, found: Found): void {
  const lost: RecordChange[] = [];
  columns.forEach((column, i) => {
    const text = found.one === null ? undefined : found[`c${i}`];
    if (text === null) return;
    const value = text === undefined ? LOST : column.decode(text);
    const reason = text === undefined ? 'SOURCE_RETRIEVAL_ERROR' : 'SOURCE_SERIALIZATION_ERROR';
    if (value === LOST) lost.push({ field: column.name, change: 'NULLED', reason });
    else record[column.name] = value;
  });
  noteChanges(record, lost);
}
