import { relationId } from '../keyed/keyed-server.js';
import type { Sessions } from './sessions.js';
import { quoteName, quoteText } from './sql.js';

/** A capture instance: one change table of a source table. There can be two of one table at a time. */
export interface CaptureInstance {
  readonly name: string;
  /** The least LSN that its change table still has everything from; the clean-up job moves it. */
  readonly min: string;
  /** Its change table numbers the commands of a transaction: what the server itself orders by. */
  readonly hasCommands: boolean;
  /** The source table's columns that it has. */
  readonly columns: ReadonlySet<string>;
  /** Columns that it has and that are always null there. */
  readonly computed: ReadonlySet<string>;
}

/** The capture instances of each table (`schema.name`), the oldest first. */
export type Instances = ReadonlyMap<string, readonly CaptureInstance[]>;

/** Whether CDC is enabled for the database, and its number. */
export const DATABASE_STATEMENT =
  'SELECT CONVERT(varchar(1), is_cdc_enabled), CONVERT(varchar(36), service_broker_guid) FROM sys.databases WHERE database_id = DB_ID()';
/** The end of what the capture job has brought into the change tables; null where it has not run yet. */
export const MAX_STATEMENT = 'SELECT CONVERT(varchar(20), sys.fn_cdc_get_max_lsn(), 2)';
/** Every capture instance, the oldest of a table first. */
export const INSTANCES_STATEMENT = `SELECT s.name, o.name, t.capture_instance, CONVERT(varchar(20), sys.fn_cdc_get_min_lsn(t.capture_instance), 2),
      CASE WHEN COL_LENGTH(N'cdc.' + QUOTENAME(t.capture_instance + N'_CT'), N'__$command_id') IS NULL THEN '0' ELSE '1' END
      FROM cdc.change_tables t JOIN sys.objects o ON o.object_id = t.source_object_id JOIN sys.schemas s ON s.schema_id = o.schema_id
      ORDER BY s.name, o.name, t.create_date, t.object_id`;
/** The columns of every capture instance; 1 for the computed ones. */
export const CAPTURED_STATEMENT = `SELECT t.capture_instance, c.column_name, CONVERT(varchar(1), ISNULL(k.is_computed, 0))
      FROM cdc.captured_columns c JOIN cdc.change_tables t ON t.object_id = c.object_id
      LEFT JOIN sys.columns k ON k.object_id = t.source_object_id AND k.name = c.column_name
      ORDER BY t.capture_instance, c.column_ordinal`;

/** The capture instances as they are now. Throws what the driver throws. */
export async function readInstances(sessions: Sessions): Promise<Instances> {
  const columns = new Map<string, { all: Set<string>; computed: Set<string> }>();
  for (const [instance, column, isComputed] of await sessions.query(CAPTURED_STATEMENT)) {
    const entry = columns.get(instance!) ?? { all: new Set(), computed: new Set() };
    columns.set(instance!, entry);
    entry.all.add(column!);
    if (isComputed === '1') entry.computed.add(column!);
  }
  const found = new Map<string, CaptureInstance[]>();
  for (const [schema, name, instance, min, hasCommands] of await sessions.query(INSTANCES_STATEMENT)) {
    const id = relationId({ schema: schema!, name: name! });
    const { all, computed } = columns.get(instance!) ?? { all: new Set<string>(), computed: new Set<string>() };
    const one = { name: instance!, min: min!, hasCommands: hasCommands === '1', columns: all, computed };
    found.set(id, [...(found.get(id) ?? []), one]);
  }
  return found;
}

/** The least LSN that an instance still has everything from, now. */
export function minStatement(instance: string): string {
  return `SELECT CONVERT(varchar(20), sys.fn_cdc_get_min_lsn(${quoteText(instance)}), 2)`;
}

/** The newest instance that has all of these columns. */
export function covering(
  instances: readonly CaptureInstance[] | undefined,
  columns: readonly string[],
): CaptureInstance | undefined {
  return instances?.findLast((instance) => columns.every((column) => instance.columns.has(column)));
}

/** What makes a capture instance of a table; another name where it has one already. */
export function enableStatement(table: { schema: string; name: string }, others: readonly string[] = []): string {
  const [schema, name] = [quoteText(table.schema), quoteText(table.name)];
  let number = 2;
  while (others.includes(`${table.schema}_${table.name}_${number}`)) number++;
  const own =
    others.length === 0 ? '' : `, @capture_instance = ${quoteText(`${table.schema}_${table.name}_${number}`)}`;
  return `EXEC sys.sp_cdc_enable_table @source_schema = ${schema}, @source_name = ${name}, @role_name = NULL${own};`;
}

/** What removes a capture instance of a table: there can be two at most. */
export function disableStatement(table: { schema: string; name: string }, instance: string): string {
  return `EXEC sys.sp_cdc_disable_table @source_schema = ${quoteText(table.schema)}, @source_name = ${quoteText(table.name)}, @capture_instance = ${quoteText(instance)};`;
}

/** The name of an instance's change table in a statement. */
export function changeTable(instance: CaptureInstance): string {
  return `[cdc].${quoteName(`${instance.name}_CT`)}`;
}
