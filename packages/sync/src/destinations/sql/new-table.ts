import { ConnectorError } from '@tidemark/source';
import type { StreamPlan } from '../../destination.js';
import { type NameLimit, safeName } from './naming.js';
import { NEXT_SUFFIX, type SqlRow, type TableName } from './sql-database.js';

/** Names that no stream's schema may have. */
export const BOOKS: ReadonlySet<string> = new Set(['_tidemark']);

/** Among what a stream that is new to the books gets its table. */
export interface TableRoom {
  schema: string;
  names: NameLimit;
  connection: string;
  /** The database, for messages: a file, a host. */
  place: string;
  /** `Ledger.owners` of the schema. */
  owners: readonly SqlRow[];
  /** Tables that streams of the same attempt have got just now. */
  chosen: Iterable<TableName>;
  exists(table: TableName): Promise<boolean>;
}

/**
 * The table of a stream that the books do not know. A table that Tidemark did not make, or that another connection writes,
 * is never touched: ConnectorError (config).
 */
export async function newTable(plan: StreamPlan, room: TableRoom): Promise<TableName> {
  const { schema, connection, owners } = room;
  const lower = (row: SqlRow) => String(row.table_name).toLowerCase();
  const mine = new Set(owners.filter((row) => row.connection === connection).map(lower));
  for (const table of room.chosen) if (table.schema === schema) mine.add(table.name.toLowerCase());
  // The table beside it needs its suffix.
  const names = { ...room.names, max: room.names.max - NEXT_SUFFIX.length };
  const name = safeName(plan.stream.name, mine, names);
  const owner = owners.find((row) => lower(row) === name.toLowerCase());
  if (owner || (await room.exists({ schema, name }))) {
    const whose = owner ? `belongs to the connection '${owner.connection}'` : 'was not made by Tidemark';
    throw new ConnectorError(
      'config',
      `Table ${schema}.${name} in ${room.place} ${whose}. Write this connection to another schema or database, or move that table away.`,
      { stream: plan.stream.name },
    );
  }
  return { schema, name };
}
