import type { ReadingSettings, TableWish } from '../dialect.js';
import { type KeyedRelation, relationId } from '../keyed/keyed-server.js';
import type { Clients } from './clients.js';
import { mysqlError } from './errors.js';
import { quoteText } from './sql.js';
import type { Layout } from './table-layouts.js';
import { type MysqlColumn, mysqlColumn } from './types.js';

/** One column of one index. */
interface IndexPart {
  index: string;
  isUnique: boolean;
  /** Absent for an expression. */
  column?: string;
  /** Only the first characters are indexed. */
  isPrefix: boolean;
}

/** The tables and views of the wanted databases, in three queries of the catalog. Throws ConnectorError. */
export async function readCatalog(
  clients: Clients,
  settings: ReadingSettings,
  wishes: readonly TableWish[] | undefined,
): Promise<KeyedRelation<MysqlColumn>[]> {
  const schemas = settings.schemas.length > 0 ? settings.schemas : [clients.config.database];
  const named = (wishes ?? []).flatMap((wish) => (wish.namespace === undefined ? [] : [wish.namespace]));
  const all = [...new Set([...schemas, ...named])].map(quoteText).join(', ');
  try {
    const [tables, columns, indexes] = [
      await clients.query(
        `SELECT table_schema, table_name, table_type, data_length, table_rows FROM information_schema.tables
          WHERE table_schema IN (${all}) AND table_type IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')
          ORDER BY table_schema, table_name`,
      ),
      await clients.query(
        // Without one MariaDB says NULL as a text; the value NULL itself it would say in quotes.
        `SELECT table_schema, table_name, column_name, data_type, column_type, is_nullable, numeric_scale, character_set_name, collation_name,
          IF(extra LIKE '%GENERATED%', 1, IF(VERSION() LIKE '%MariaDB%', COALESCE(column_default, 'NULL') <> 'NULL', column_default IS NOT NULL))
          FROM information_schema.columns WHERE table_schema IN (${all})
          ORDER BY table_schema, table_name, ordinal_position`,
      ),
      await clients.query(
        `SELECT table_schema, table_name, index_name, non_unique, column_name, sub_part
          FROM information_schema.statistics WHERE table_schema IN (${all})
          ORDER BY table_schema, table_name, index_name, seq_in_index`,
      ),
    ];
    const columnsOf = grouped(columns, (row) =>
      mysqlColumn({
        name: row[2]!,
        dataType: row[3]!.toLowerCase(),
        columnType: row[4]!,
        charset: row[7]!,
        collation: row[8]!,
        nullable: row[5] === 'YES',
        scale: row[6] === null ? null : Number(row[6]),
        hasDefault: row[9] === '1',
      }),
    );
    const indexesOf = grouped(indexes, (row) => indexPart(row));
    return tables.flatMap(([schema, name, type, dataBytes, rows]) => {
      const id = relationId({ schema: schema!, name: name! });
      const wish = wishes?.find((each) => each.name === name && (each.namespace ?? schema) === schema);
      if (wishes && !wish) return [];
      return relation(
        {
          schema: schema!,
          name: name!,
          isView: type === 'VIEW',
          dataBytes: Number(dataBytes ?? 0),
          estimatedRows: Number(rows ?? 0),
        },
        columnsOf.get(id) ?? [],
        indexesOf.get(id) ?? [],
        wish,
      );
    });
  } catch (error) {
    throw mysqlError(error, 'Looking at the tables');
  }
}

/** The columns of these tables as the server has them at this moment. Throws what the driver throws. */
export async function readLayouts(
  clients: Clients,
  relations: readonly KeyedRelation<MysqlColumn>[],
): Promise<Map<string, Layout>> {
  if (relations.length === 0) return new Map();
  const schemas = [...new Set(relations.map(({ schema }) => schema))].map(quoteText).join(', ');
  const rows = await clients.query(
    `SELECT table_schema, table_name, column_name, column_type, character_set_name
      FROM information_schema.columns WHERE table_schema IN (${schemas}) ORDER BY table_schema, table_name, ordinal_position`,
  );
  return grouped(rows, (row) => [row[2]!, row[3]!, row[4]!] as const);
}

function grouped<T>(rows: readonly (string | null)[][], make: (row: (string | null)[]) => T): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const id = relationId({ schema: row[0]!, name: row[1]! });
    const group = groups.get(id);
    if (group) group.push(make(row));
    else groups.set(id, [make(row)]);
  }
  return groups;
}

function indexPart(row: (string | null)[]): IndexPart {
  return {
    index: row[2]!,
    isUnique: row[3] === '0',
    ...(row[4] === null ? {} : { column: row[4]! }),
    isPrefix: row[5] !== null,
  };
}

function relation(
  facts: { schema: string; name: string; isView: boolean; dataBytes: number; estimatedRows: number },
  columns: readonly MysqlColumn[],
  parts: readonly IndexPart[],
  wish: TableWish | undefined,
): KeyedRelation<MysqlColumn> {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const indexes = new Map<string, IndexPart[]>();
  for (const part of parts) indexes.set(part.index, [...(indexes.get(part.index) ?? []), part]);
  const primaryKey = (indexes.get('PRIMARY') ?? []).flatMap((part) => part.column ?? []);
  const { order, isSorted, why } = orderOf(byName, indexes, wish, facts.isView);
  return {
    schema: facts.schema,
    name: facts.name,
    isView: facts.isView,
    columns,
    primaryKey,
    order,
    ...(isSorted ? { isSorted } : {}),
    ...(why === undefined ? {} : { notResumable: why }),
    indexed: new Set(
      [...indexes.values()].flatMap(([first]) => (first?.column && !first.isPrefix ? [first.column] : [])),
    ),
    dataBytes: facts.dataBytes,
    estimatedRows: facts.estimatedRows,
  };
}

/** Whether an index begins with these columns, in this order. */
function isInFront(order: readonly string[], parts: readonly IndexPart[]): boolean {
  return order.every((name, i) => parts[i]?.column === name && !parts[i]!.isPrefix);
}

/** The columns to page by: those that the user names, the primary key, or another key of columns that are never null. */
function orderOf(
  columns: ReadonlyMap<string, MysqlColumn>,
  indexes: ReadonlyMap<string, IndexPart[]>,
  wish: TableWish | undefined,
  isView: boolean,
): { order: MysqlColumn[]; isSorted?: boolean; why?: string } {
  if (wish?.order?.length) {
    const order = wish.order.flatMap((name) => columns.get(name) ?? []);
    const bad = order.find((column) => column.keyForm === undefined);
    return bad
      ? { order: [], why: `the column '${bad.name}' of its order (${bad.type}) cannot be paged by` }
      : { order, isSorted: ![...indexes.values()].some((parts) => isInFront(wish.order!, parts)) };
  }
  if (isView) return { order: [], why: "a view has no key: name unique columns that are never null as its 'order'" };
  const byName = [...indexes].sort(([a], [b]) => (a === 'PRIMARY' ? -1 : b === 'PRIMARY' ? 1 : a < b ? -1 : 1));
  let why = 'it has neither a primary key nor a unique key of columns that are never null';
  for (const [name, parts] of byName) {
    const key = parts.map((part) =>
      part.column === undefined || part.isPrefix ? undefined : columns.get(part.column),
    );
    if (!parts[0]?.isUnique || key.some((column) => column === undefined || column.nullable)) continue;
    const bad = key.find((column) => column?.keyForm === undefined);
    if (!bad) return { order: key as MysqlColumn[] };
    if (name === 'PRIMARY') why = `the column '${bad.name}' of its primary key (${bad.type}) cannot be paged by`;
  }
  return { order: [], why };
}
