import type { CharacterTables, ReadText } from './character-tables.js';
import { jsonText } from './json-texts.js';

/** What the driver knows of a table: the numbers of its columns' types, and their schemas, say how their values are read. */
export interface TableEntry {
  parentSchema: string;
  tableName: string;
  columns?: { name: string; type: number; charset: string | null; read?: ReadText }[];
  columnSchemas?: { COLUMN_TYPE: string; ENUM_VALUES?: string[]; SET_VALUES?: string[] }[];
}

/** What comes in front of a table's rows. The bytes of the values of ENUM and SET are there where the log names columns. */
export interface TableMap {
  tableId: number;
  tableMap: Record<number, TableEntry>;
  _enumSetValues?: (Buffer[] | undefined)[];
}

const ENUM = 247;
const SET = 248;
const GEOMETRY = 255;
const JSON_VALUE = 245;
const BLOB = 252;
/** Of the server: numbers of the types of texts, MariaDB's compressed ones among them. */
const TEXTS = new Set([15, 140, 141, 249, 250, 251, 252, 253, 254]);

/**
 * Makes the driver hand over as bytes what it reads otherwise than the server: shapes, which lose their reference system, JSON, which
 * loses the digits of its numbers and the order of its keys, and texts of character sets that it has other letters for.
 */
export function keepBytes({ tableId, tableMap, _enumSetValues }: TableMap, characters: CharacterTables): void {
  const { columns = [], columnSchemas = [] } = tableMap[tableId] ?? {};
  for (const [i, column] of columns.entries()) {
    const { type, charset } = column;
    const schema = columnSchemas[i];
    const read = charset === null ? undefined : characters.get(charset);
    if (type === GEOMETRY || type === JSON_VALUE) {
      if (type === JSON_VALUE) column.read = jsonText;
      column.type = BLOB;
    } else if (read && schema && TEXTS.has(type)) {
      column.read = read;
      column.charset = null;
      schema.COLUMN_TYPE = 'varbinary';
    } else if (read && schema && (type === ENUM || type === SET)) {
      const values = _enumSetValues?.[i]?.map(read);
      if (values) schema[type === ENUM ? 'ENUM_VALUES' : 'SET_VALUES'] = values;
    }
  }
}

/** A row with what the driver leaves: texts of bytes, and an ENUM's value that is none of its own, which is the empty text. */
export function completed<R extends Record<string, unknown>>(row: R, { columns = [] }: TableEntry): R {
  const texts: Record<string, string> = {};
  for (const { name, type, read } of columns) {
    const value = row[name];
    if (read && Buffer.isBuffer(value)) texts[name] = read(value);
    else if (type === ENUM && value === undefined) texts[name] = '';
  }
  return Object.assign(row, texts);
}
