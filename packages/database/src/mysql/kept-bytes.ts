import { jsonText } from './json-texts.js';

/** What the driver knows of a table: the numbers of its columns' types say how their values are read. */
export interface TableEntry {
  parentSchema: string;
  tableName: string;
  columns?: { name: string; type: number; isJson?: boolean }[];
}

const ENUM = 247;
const GEOMETRY = 255;
const JSON_VALUE = 245;
const BLOB = 252;

/**
 * Makes the driver hand over shapes and JSON as bytes. Taken apart by it, shapes have lost their reference system, and JSON the
 * digits of its numbers and the order of its keys.
 */
export function keepBytes({ tableId, tableMap }: { tableId: number; tableMap: Record<number, TableEntry> }): void {
  for (const column of tableMap[tableId]?.columns ?? []) {
    if (column.type !== GEOMETRY && column.type !== JSON_VALUE) continue;
    column.isJson = column.type === JSON_VALUE;
    column.type = BLOB;
  }
}

/** A row with what the driver leaves: the texts of JSON, and an ENUM's value that is none of its own, which is the empty text. */
export function completed<R extends Record<string, unknown>>(row: R, { columns = [] }: TableEntry): R {
  const texts: Record<string, string> = {};
  for (const { name, type, isJson } of columns) {
    const value = row[name];
    if (isJson && Buffer.isBuffer(value)) texts[name] = jsonText(value);
    else if (type === ENUM && value === undefined) texts[name] = '';
  }
  return Object.assign(row, texts);
}
