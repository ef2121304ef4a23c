import { noteChanges, type RecordChange, type RecordData } from '@tidemark/source';
import { LOST } from '../column.js';
import type { LogBatch, TableChanges } from '../log/change-log.js';
import type { Clients } from './clients.js';
import { postgresError } from './errors.js';
import { name, qualified } from './sql.js';
import type { Unsent } from './wal-changes.js';

/**
 * A batch with the values that the log does not have, in parts: what was looked up is handed on before more than `bytesMax` of it
 * is held (by one row at most), for the log says nothing of how large such values are. The last part has the batch's position.
 * `unsent`, in the order of the changes, is emptied: what was handed on is held by nobody here.
 */
export async function* withUnsent(
  clients: Clients,
  batch: LogBatch,
  unsent: Unsent[],
  bytesMax: number,
): AsyncGenerator<LogBatch, void, undefined> {
  let bytes = 0;
  unsent.reverse();
  while (unsent.length > 0) {
    const part = await nextPart();
    if (part) yield part;
  }
  yield batch;

  /** In a function of its own, so that no record is held while a part is handed on. */
  async function nextPart(): Promise<LogBatch | undefined> {
    const each = unsent.pop()!;
    bytes += await lookUp(clients, each);
    if (bytes < bytesMax || unsent.length === 0) return undefined;
    bytes = 0;
    return { changes: takeUpTo(batch.changes, each.record) };
  }
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

/**
 * Large values that an update did not touch, and values of columns that were added later, are not in the log: they are
 * looked up by the row's key. What is found may be newer than the change; then a later change of the log says so. A row that is
 * gone meanwhile has its values noted as lost.
 * Gives about the bytes of what was found.
 */
async function lookUp(clients: Clients, { table, record, columns }: Unsent): Promise<number> {
  const { relation, primaryKey } = table;
  const key = primaryKey.map((column) => table.columns.find((each) => each.name === column)!);
  const where = key.map((column, i) => `${name(column.name)} = $${i + 1}::${column.type}`).join(' AND ');
  const list = columns.map((column, i) => `${name(column.name)}::text AS c${i}`).join(', ');
  let found: Record<string, string | null> | undefined;
  try {
    [found] = await clients.query<Record<string, string | null>>(
      `SELECT ${list} FROM ${qualified(relation.schema, relation.name)} WHERE ${where}`,
      key.map((column) => String(record[column.name])),
    );
  } catch (error) {
    throw postgresError(error, `Looking up large values of ${relation.id}`);
  }
  let bytes = 0;
  const lost: RecordChange[] = [];
  columns.forEach((column, i) => {
    const text = found?.[`c${i}`];
    bytes += text?.length ?? 0;
    if (text === null) return;
    const value = text === undefined ? LOST : column.decode(text);
    const reason = text === undefined ? 'SOURCE_RETRIEVAL_ERROR' : 'SOURCE_SERIALIZATION_ERROR';
    if (value === LOST) lost.push({ field: column.name, change: 'NULLED', reason });
    else record[column.name] = value;
  });
  noteChanges(record, lost);
  return bytes;
}
