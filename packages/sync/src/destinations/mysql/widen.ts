import type { Json } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { Column } from '../sql/column.js';
import type { LedgerDialect } from '../sql/ledger-tables.js';
import { decimalShape, integerOf, numberText } from '../sql/number.js';
import type { SqlRow, TableName } from '../sql/sql-database.js';
import { joinKinds, type Kind, kindOfValue } from '../sql/value-kind.js';
import type { Database } from './database.js';
import { MYSQL_COLUMNS, quote, sqlName, typeSql } from './dialect.js';

/** Holds a column's values while it becomes a text. A kill may leave it; it is dropped then, the column is still there. */
export const WIDE_COLUMN = '_tidemark_wide';
/** Digits of MySQL's longest decimal, and how many of them may stand behind the point. */
export const DIGITS_MAX = 65;
export const SCALE_MAX = 30;

/** A table of the books, and temporary ones of the same columns. */
export interface WideTables {
  books: LedgerDialect;
  table: TableName;
  also: readonly string[];
}

/** The narrowest type of a column that takes the misfits too, and every value that the tables hold. */
export async function widerType(
  column: Column,
  misfits: readonly Json[],
  tables: readonly string[],
  db: Database,
): Promise<{ kind: Kind; type: string }> {
  const kind = column.declared
    ? column.kind
    : misfits.reduce<Kind>((so, value) => joinKinds(so, kindOfValue(value)), column.kind);
  return { kind, type: await typeFor(kind, column, misfits, tables, db) };
}

/** The narrowest type of `kind` that takes what the column holds and the new values. */
export async function typeFor(
  kind: Kind,
  column: Column,
  misfits: readonly Json[],
  tables: readonly string[],
  db: Database,
): Promise<string> {
  if (kind === 'number' || (kind === 'integer' && column.type !== 'LONGTEXT')) {
    const texts = misfits.map((value) => (kind === 'integer' ? integerOf(value)?.toString() : numberText(value)));
    return column.type === 'LONGTEXT' || texts.includes(undefined)
      ? 'LONGTEXT'
      : numberType(kind, column, texts as string[], tables, db);
  }
  return kind === 'integer' ? 'LONGTEXT' : MYSQL_COLUMNS.narrowest[kind];
}

/** DOUBLE where it is exact for everything, DECIMAL where its digits are enough, otherwise the digits as text. */
async function numberType(
  kind: Kind,
  column: Column,
  texts: readonly string[],
  tables: readonly string[],
  db: Database,
): Promise<string> {
  const stored = await Promise.all(tables.map((table) => storedShape(column, table, db)));
  if (kind === 'number' && column.type === 'BIGINT') {
    const isExact = texts.every((text) => numberText(Number(text)) === text);
    if (isExact && stored.every((shape) => shape.largest <= 2 ** 53)) return 'DOUBLE';
  }
  const shapes = [...texts.map(decimalShape), ...stored];
  const whole = Math.max(...shapes.map((shape) => shape.whole));
  const needed = Math.max(...shapes.map((shape) => shape.scale), Number(/,(\d+)\)/.exec(column.type)?.[1] ?? 0));
  if (kind === 'integer') return whole <= DIGITS_MAX ? `DECIMAL(${DIGITS_MAX},0)` : 'LONGTEXT';
  // A few digits to spare: the next longer number does not have the table written anew.
  const scale = Math.max(needed, Math.min(Math.ceil(needed / 6) * 6, SCALE_MAX, DIGITS_MAX - whole));
  return scale <= SCALE_MAX && whole + scale <= DIGITS_MAX ? `DECIMAL(${DIGITS_MAX},${scale})` : 'LONGTEXT';
}

/** How many digits a column's values have before and after the point. */
async function storedShape(
  column: Column,
  table: string,
  db: Database,
): Promise<{ whole: number; scale: number; largest: number }> {
  const text = `CAST(ABS(${quote(column.name)}) AS CHAR)`;
  const digits = `SUBSTRING_INDEX(${text}, 'e', 1)`;
  const behind = `IF(LOCATE('.', ${digits}) > 0, LENGTH(SUBSTRING_INDEX(${digits}, '.', -1)), 0)`;
  const small = `IF(LOCATE('e-', ${text}) > 0, CAST(SUBSTRING_INDEX(${text}, 'e-', -1) AS SIGNED), 0)`;
  const scale = column.type === 'DOUBLE' ? `max(${behind} + ${small})` : '0';
  const row: SqlRow = await db.one(
    `SELECT ${scale} AS scale, CAST(max(ABS(${quote(column.name)})) AS CHAR) AS largest FROM ${table}`,
  );
  if (row.largest === null || row.largest === undefined) return { whole: 0, scale: 0, largest: 0 };
  const exact = numberText(row.largest) ?? '9'.repeat(DIGITS_MAX + 1);
  return { whole: decimalShape(exact).whole, scale: Number(row.scale ?? 0), largest: Number(exact) };
}

/**
 * Changes a column's type and kind; every value keeps its digits. Each step leaves a column whose values are right for the
 * kind that the books know, so that a kill between two of them does no harm.
 */
export async function widenColumn(
  db: Database,
  { books, table, also }: WideTables,
  column: Column,
  kind: Kind,
  type: string,
): Promise<void> {
  const main = sqlName(table);
  if (type !== column.type) {
    for (const each of [main, ...also]) {
      if (type === 'LONGTEXT') await makeText(db, each, column);
      else await db.run(`ALTER TABLE ${each} MODIFY COLUMN ${quote(column.name)} ${typeSql(type)} NULL`);
    }
    column.type = type;
  }
  if (kind === column.kind) return;
  const toJson = kind === 'json' ? jsonExpression(column) : undefined;
  if (toJson) await refuseLong(db, [main, ...also], column);
  const convert = (each: string) => db.run(`UPDATE ${each} SET ${quote(column.name)} = ${toJson}`);
  await db.transaction(async () => {
    if (toJson) await convert(main);
    await db.run(
      `UPDATE ${books.table('columns')} SET kind = $1 WHERE schema_name = $2 AND table_name = $3 AND column_name = $4`,
      [kind, table.schema, table.name, column.name],
    );
  });
  if (toJson) for (const each of also) await convert(each);
  column.kind = kind;
}

/** The values are copied to a text column, which then takes the old one's place. */
async function makeText(db: Database, table: string, column: Column): Promise<void> {
  const [name, wide] = [quote(column.name), quote(WIDE_COLUMN)];
  await db.run(`ALTER TABLE ${table} ADD COLUMN ${wide} ${typeSql('LONGTEXT')} NULL AFTER ${name}`);
  await db.run(`UPDATE ${table} SET ${wide} = ${textExpression(column)} WHERE ${name} IS NOT NULL`);
  await db.run(`ALTER TABLE ${table} DROP COLUMN ${name}, CHANGE COLUMN ${wide} ${name} ${typeSql('LONGTEXT')} NULL`);
}

/** SQL of a value as the text that a JSON document would have had for it. */
function textExpression({ name, type, kind }: Column): string {
  const value = quote(name);
  if (type === 'BOOLEAN') return `IF(${value}, 'true', 'false')`;
  if (type === 'DATETIME(6)')
    return `DATE_FORMAT(${value}, '%Y-%m-%dT%H:%i:%s.%f${kind === 'timestamptz' ? 'Z' : ''}')`;
  if (/^DECIMAL\(\d+,[1-9]/.test(type)) return `TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(${value} AS CHAR)))`;
  return `CAST(${value} AS CHAR)`;
}

/** SQL that turns a text of the column's kind into JSON; undefined where it is JSON already. */
function jsonExpression({ name, kind }: Column): string | undefined {
  return kind === 'integer' || kind === 'number' || kind === 'boolean' ? undefined : `JSON_QUOTE(${quote(name)})`;
}

/** No function of the server makes a longer text than a packet: it would be null. */
async function refuseLong(db: Database, tables: readonly string[], column: Column): Promise<void> {
  for (const table of tables) {
    const row = await db.one(
      `SELECT max(LENGTH(JSON_QUOTE(${quote(column.name)})) IS NULL) AS lost FROM ${table} WHERE ${quote(column.name)} IS NOT NULL`,
    );
    if (Number(row.lost) !== 1) continue;
    throw new ConnectorError(
      'config',
      `Column ${column.name} of ${table} has to become JSON, and a text in it is too long for that. Raise max_allowed_packet of the server and run this again.`,
    );
  }
}
