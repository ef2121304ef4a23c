import type { ReadingSettings, TableWish } from '../dialect.js';
import { type KeyedRelation, relationId } from '../keyed/keyed-server.js';
import { sqlServerError } from './errors.js';
import type { Sessions } from './sessions.js';
import { quoteText } from './sql.js';
import { type SqlServerColumn, sqlServerColumn } from './types.js';

interface IndexPart {
  index: string;
  isPrimary: boolean;
  isUnique: boolean;
  isClustered: boolean;
  isFiltered: boolean;
  column: string;
}

/** The statements that describe the tables of these schemas; none touches a table. */
export function catalogStatements(schemas: readonly string[]): { tables: string; columns: string; indexes: string } {
  const where =
    schemas.length > 0
      ? `s.name IN (${schemas.map(quoteText).join(', ')})`
      : "s.name NOT IN (N'sys', N'INFORMATION_SCHEMA', N'cdc')";
  return {
    tables: `SELECT s.name, o.name, RTRIM(o.type), CONVERT(varchar(20), (SELECT SUM(p.used_page_count) * 8192 FROM sys.dm_db_partition_stats p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1))), CONVERT(varchar(20), (SELECT SUM(p.row_count) FROM sys.dm_db_partition_stats p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1)))
      FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 AND ${where} ORDER BY s.name, o.name`,
    columns: `SELECT s.name, o.name, c.name, TYPE_NAME(c.system_type_id), CONVERT(varchar(10), c.max_length), CONVERT(varchar(10), c.precision), CONVERT(varchar(10), c.scale), CONVERT(varchar(1), c.is_nullable), TYPE_NAME(c.user_type_id), c.collation_name
      FROM sys.columns c JOIN sys.objects o ON o.object_id = c.object_id JOIN sys.schemas s ON s.schema_id = o.schema_id
      WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 AND ${where} ORDER BY s.name, o.name, c.column_id`,
    indexes: `SELECT s.name, o.name, i.name, CONVERT(varchar(1), i.is_primary_key), CONVERT(varchar(1), i.is_unique), CONVERT(varchar(3), i.type), CONVERT(varchar(1), i.has_filter), c.name
      FROM sys.indexes i JOIN sys.objects o ON o.object_id = i.object_id JOIN sys.schemas s ON s.schema_id = o.schema_id
      JOIN sys.index_columns x ON x.object_id = i.object_id AND x.index_id = i.index_id AND x.key_ordinal > 0
      JOIN sys.columns c ON c.object_id = x.object_id AND c.column_id = x.column_id
      WHERE o.type IN ('U', 'V') AND i.is_disabled = 0 AND i.is_hypothetical = 0 AND ${where} ORDER BY s.name, o.name, i.index_id, x.key_ordinal`,
  };
}

/** The tables and views of the wanted schemas. Throws ConnectorError. */
export async function readCatalog(
  sessions: Sessions,
  settings: ReadingSettings,
  wishes: readonly TableWish[] | undefined,
): Promise<KeyedRelation<SqlServerColumn>[]> {
  const statements = catalogStatements(settings.schemas);
  try {
    const tables = await sessions.query(statements.tables);
    const columns = grouped(await sessions.query(statements.columns), columnOf);
    const indexes = grouped(await sessions.query(statements.indexes), indexPart);
    return tables.flatMap(([schema, name, type, bytes, rows]) => {
      const id = relationId({ schema: schema!, name: name! });
      const wish = wishes?.find((each) => each.name === name && (each.namespace ?? schema) === schema);
      if (wishes && !wish) return [];
      const facts = {
        schema: schema!,
        name: name!,
        isView: type === 'V',
        dataBytes: Number(bytes ?? 0),
        // A view has none.
        ...(rows === null || rows === undefined ? {} : { estimatedRows: Number(rows) }),
      };
      return relationOf(facts, columns.get(id) ?? [], indexes.get(id) ?? [], wish);
    });
  } catch (error) {
    throw sqlServerError(error, 'Looking at the tables');
  }
}

function grouped<T>(rows: readonly (string | null)[][], make: (row: (string | null)[]) => T): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const id = relationId({ schema: row[0]!, name: row[1]! });
    groups.set(id, [...(groups.get(id) ?? []), make(row)]);
  }
  return groups;
}

function columnOf(row: (string | null)[]): SqlServerColumn {
  // Types of the user's own and those of the CLR have no name of the system's.
  const dataType = (row[3] ?? row[8] ?? '').toLowerCase();
  const [length, precision, scale] = [Number(row[4]), Number(row[5]), Number(row[6])];
  const nullable = row[7] === '1';
  return sqlServerColumn({
    name: row[2]!,
    dataType,
    shown: shown(dataType, length, precision, scale),
    nullable,
    scale,
    collation: row[9] ?? null,
  });
}

function shown(type: string, length: number, precision: number, scale: number): string {
  if (type === 'decimal' || type === 'numeric') return `${type}(${precision},${scale})`;
  if (type === 'datetime2' || type === 'datetimeoffset' || type === 'time') return `${type}(${scale})`;
  if (!/^n?(?:var)?char$|^(?:var)?binary$/.test(type)) return type;
  return `${type}(${length < 0 ? 'max' : type.startsWith('n') ? length / 2 : length})`;
}

function indexPart(row: (string | null)[]): IndexPart {
  return {
    index: row[2]!,
    isPrimary: row[3] === '1',
    isUnique: row[4] === '1',
    isClustered: row[5] === '1',
    isFiltered: row[6] === '1',
    column: row[7]!,
  };
}

function relationOf(
  facts: { schema: string; name: string; isView: boolean; dataBytes: number; estimatedRows?: number },
  columns: readonly SqlServerColumn[],
  parts: readonly IndexPart[],
  wish: TableWish | undefined,
): KeyedRelation<SqlServerColumn> {
  const indexes = new Map<string, IndexPart[]>();
  for (const part of parts) indexes.set(part.index, [...(indexes.get(part.index) ?? []), part]);
  const all = [...indexes.values()];
  const primaryKey = (all.find(([first]) => first?.isPrimary) ?? []).map(({ column }) => column);
  const { order, isSorted, why } = orderOf(columns, all, wish, facts.isView);
  return {
    ...facts,
    columns,
    primaryKey,
    order,
    ...(isSorted ? { isSorted } : {}),
    ...(why === undefined ? {} : { notResumable: why }),
    indexed: new Set(all.flatMap(([first]) => (first && !first.isFiltered ? [first.column] : []))),
  };
}

/** Whether an index begins with these columns, in this order. */
function isInFront(order: readonly string[], parts: readonly IndexPart[]): boolean {
  return order.every((name, i) => parts[i]?.column === name && !parts[i]!.isFiltered);
}

/** The columns to page by: the user's, the clustered index where it is unique, the primary key, another unique key. */
function orderOf(
  columns: readonly SqlServerColumn[],
  indexes: readonly IndexPart[][],
  wish: TableWish | undefined,
  isView: boolean,
): { order: SqlServerColumn[]; isSorted?: boolean; why?: string } {
  const byName = new Map(columns.map((column) => [column.name, column]));
  if (wish?.order?.length) {
    const order = wish.order.flatMap((name) => byName.get(name) ?? []);
    const bad = order.find((column) => column.keyForm === undefined);
    return bad
      ? { order: [], why: `the column '${bad.name}' of its order (${bad.type}) cannot be paged by` }
      : { order, isSorted: !indexes.some((parts) => isInFront(wish.order!, parts)) };
  }
  if (isView) return { order: [], why: "a view has no key: name unique columns that are never null as its 'order'" };
  const rank = ([first]: IndexPart[]) => (first!.isClustered ? 0 : first!.isPrimary ? 1 : 2);
  let why = 'it has no unique index of columns that are never null';
  for (const parts of [...indexes]
    .filter(([first]) => first?.isUnique && !first.isFiltered)
    .sort((a, b) => rank(a) - rank(b))) {
    const key = parts.map(({ column }) => byName.get(column));
    if (key.some((column) => column === undefined || column.nullable)) continue;
    const bad = key.find((column) => column?.keyForm === undefined);
    if (!bad) return { order: key as SqlServerColumn[] };
    why = `the column '${bad.name}' of its key (${bad.type}) cannot be paged by`;
  }
  return { order: [], why };
}
