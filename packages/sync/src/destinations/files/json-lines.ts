import { literal, OWN_COLUMNS, quote } from '../duckdb/column.js';
import { widenExpression } from '../duckdb/widen.js';
import { type Column, Columns } from '../sql/column.js';
import type { Compression, Format } from './format.js';
import { soundJson } from './sound-json.js';

/** A character that no line of JSON can have: the file is one column of text for DuckDB. */
const NO_DELIMITER = `e'\\x01'`;
/** The text of a line, where rows are carried from file to file as they are. */
const LINE = '_tidemark_line';
/** DuckDB holds sixteen of the longest line in memory while it reads: said only where it has to be more. */
const LINE_BYTES = 2_000_000;
const EXTENSIONS: Record<string, string> = { none: 'jsonl', gzip: 'jsonl.gz', zstd: 'jsonl.zst' };

/**
 * JSON lines: one flat object a row, with the same keys as a table has columns. Every number has all its digits: the lines
 * are put together as text, because DuckDB's own JSON would read and round them. Lines that are written again are the same
 * to the letter.
 */
export function jsonLines(compression: Exclude<Compression, 'snappy'>): Format {
  const codec = `COMPRESSION ${compression}`;
  const csv = `HEADER false, QUOTE '', ESCAPE '', DELIMITER ${NO_DELIMITER}`;
  return {
    name: 'jsonl',
    extension: EXTENSIONS[compression]!,
    isTyped: false,
    // Making JSON of a text takes room for six bytes a character.
    copies: 20,
    options: () => `FORMAT csv, ${csv}, ${codec}`,
    fromTable: (table, columns) => `SELECT ${lineOf(columns)} FROM ${table}`,
    async longest(db, table, columns) {
      const texts = columns.list.filter(({ type }) => type === 'VARCHAR' || type === 'JSON');
      const sizes = ['_airbyte_meta', ...texts.map(({ name }) => quote(name))].map((name) => `max(strlen(${name}))`);
      const { size } = await db.one(
        `SELECT ${sizes.map((sql) => `coalesce(${sql}, 0)`).join(' + ')} AS size FROM ${table}`,
      );
      // A character may take six bytes in JSON: the lines themselves are measured only where they may be long.
      if (Number(size) * 6 + columns.list.length * 100 < LINE_BYTES) return undefined;
      const { longest } = await db.one(`SELECT max(strlen(${lineOf(columns)})) AS longest FROM ${table}`);
      return Number(longest) < LINE_BYTES ? undefined : Number(longest);
    },
    async rows(_db, files, columns, longest = LINE_BYTES) {
      const wanted = [...OWN_COLUMNS, ...columns.list.map(({ name, type }) => [name, type] as const)];
      const list = wanted.map(([name, type]) => `${extracted(name, type)} AS ${quote(name)}`);
      if (files.length === 0)
        return `SELECT ${wanted.map(([name, type]) => `CAST(NULL AS ${type}) AS ${quote(name)}`).join(', ')}, '' AS ${LINE} WHERE false`;
      const from = `read_csv([${files.map(literal).join(', ')}], columns = {'${LINE}': 'VARCHAR'}, header = false, quote = '',
        escape = '', delim = ${NO_DELIMITER}, auto_detect = false, compression = 'auto',
        max_line_size = ${longest + 16}, buffer_size = ${Math.max(16 * LINE_BYTES, 2 * longest + 1_024)})`;
      return `SELECT ${list.join(', ')}, ${LINE} FROM ${from}`;
    },
    fromRows: (rows) => `SELECT ${LINE} FROM ${rows}`,
    carried: (columns, fields) =>
      new Columns(
        columns.rules,
        columns.list.filter(({ field }) => fields.includes(field)),
      ),
  };
}

/** SQL of a row as a line. */
function lineOf(columns: Columns): string {
  const own = OWN_COLUMNS.map(([name, type]) => ({ name, type, kind: 'text' as const }));
  const members = [...own, ...columns.list].map((column, index) => {
    const key = `${index === 0 ? '{' : ','}${JSON.stringify(column.name)}:`;
    return `${literal(key)}, coalesce(${jsonText(column)}, 'null')`;
  });
  return `concat(${members.join(', ')}, '}')`;
}

/** SQL of a value of a line. */
function extracted(name: string, type: string): string {
  const path = literal(`$.${JSON.stringify(name)}`);
  if (type === 'JSON') return `nullif(json_extract(${LINE}, ${path}), 'null')`;
  return `TRY_CAST(json_extract_string(${LINE}, ${path}) AS ${type})`;
}

/** SQL of a column's value as JSON, digit for digit. */
function jsonText(column: Pick<Column, 'name' | 'type' | 'kind'>): string {
  const { type, kind, name } = column;
  if (type === 'JSON') return `CAST(${soundJson(quote(name))} AS VARCHAR)`;
  const text = type === 'VARCHAR' ? quote(name) : widenExpression(column, 'VARCHAR');
  // Digits that no number type of DuckDB could hold are in a column of text.
  const bare = /^(BIGINT|HUGEINT|DOUBLE|BOOLEAN|DECIMAL)/.test(type) || kind === 'integer' || kind === 'number';
  return bare ? text : `CAST(to_json(${text}) AS VARCHAR)`;
}
