import type { OpenOptions, StreamPlan } from '../../destination.js';
import type { StreamRow } from './ledger.js';
import { NEXT_SUFFIX, type TableName } from './sql-database.js';

/** Where the rows of an unfinished overwrite are, beside the table that they will replace. */
export function nextOf(table: TableName): TableName {
  return { ...table, name: `${table.name}${NEXT_SUFFIX}` };
}

/** Where a stream's rows are written: overwrites and truncating refreshes fill a table beside the one that is read. */
export function writeTable(plan: StreamPlan, final: TableName): TableName {
  return plan.minimumGeneration > 0 ? nextOf(final) : final;
}

/** A state covers rows. Where somebody has dropped the table that had them, the state would leave them out for ever. */
export async function dropOrphanedState(
  row: StreamRow,
  exists: (table: TableName) => Promise<boolean>,
  log: OpenOptions['log'],
): Promise<void> {
  const table = row.status === 'open' && row.minimumGeneration > 0 ? nextOf(row.table) : row.table;
  if (row.state === undefined || (await exists(table))) return;
  log('WARN', `Table ${table.schema}.${table.name} is gone: stream ${row.stream.name} is read from the beginning.`);
  row.state = undefined;
  row.status = 'open';
  row.rows = 0;
}
