import { ConnectorError } from '@tidemark/source';
import type { MysqlColumn } from './types.js';
import { isYear, yearLiteral } from './years.js';

/** A name as SQL writes it. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A text as SQL writes it, whatever is in it. In the session's sql_mode a backslash escapes. */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\0', '\\0')}'`;
}

/** What is selected for a column's value. */
export function selected(column: MysqlColumn): string {
  const name = quoteName(column.name);
  return column.isFloat ? `(${name} + 0e0)` : name;
}

/** What is selected for a column's place in the order of a key. */
export function selectedKey(column: MysqlColumn): string {
  const name = quoteName(column.name);
  if (column.keyForm === 'ordinal') return `(${name} + 0)`;
  return column.keyForm === 'binary' ? `HEX(${name})` : name;
}

const FORMS = {
  number: /^-?\d+(\.\d+)?$/,
  ordinal: /^\d+$/,
  binary: /^(?:[0-9A-F]{2})*$/,
  date: /^\d{4}-\d\d-\d\d$/,
  datetime: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$/,
  time: /^-?\d{2,3}:\d\d:\d\d(\.\d{1,6})?$/,
} as const;

/**
 * A bound's value as a literal that the server compares as the column's own type. A bound comes from a state, and a state is
 * input: what has not the form of the type is refused. Throws ConnectorError (config).
 */
export function keyLiteral(column: MysqlColumn, text: string): string {
  const { keyForm } = column;
  if (keyForm === undefined) throw new RangeError(`${column.name} is no key column`);
  if (keyForm === 'text') return quoteText(text);
  const year = isYear(column) ? yearLiteral(text) : undefined;
  if (keyForm === 'uuid' || !FORMS[keyForm].test(text) || (isYear(column) && year === undefined)) {
    throw new ConnectorError(
      'config',
      `The state holds a position of column '${column.name}' (${column.type}) that is no value of it. Read the table without a state to begin anew.`,
    );
  }
  if (year !== undefined) return year;
  switch (keyForm) {
    case 'binary':
      return `x'${text}'`;
    case 'date':
      return `DATE'${text}'`;
    case 'datetime':
      return `TIMESTAMP'${text}'`;
    case 'time':
      return `TIME'${text}'`;
    default:
      return text;
  }
}

/** A condition that two texts are equal by a column's collation; undefined for columns without one. */
export function equalTexts(
  { charset, collation, keyForm }: MysqlColumn,
  one: string,
  other: string,
): string | undefined {
  if (keyForm !== 'text' || !charset || !collation) return undefined;
  const side = (text: string): string => `CONVERT(${quoteText(text)} USING ${charset}) COLLATE ${collation}`;
  return `${side(one)} = ${side(other)}`;
}

/**
 * What is so many seconds below the literal of a date or moment. From a day that no month has, or a month or day 00, the servers
 * subtract nothing: then it is below the first day of that month, and at last the lowest date of all.
 */
export function secondsBelow(literal: string, seconds: number): string {
  const below = (text: string): string => `${text} - INTERVAL ${seconds} SECOND`;
  const first = literal.replace(/(?<='\d{4})-(\d\d)-\d\d/, (_, month) => `-${month === '00' ? '01' : month}-01`);
  const lowest = literal.replace(/'.*'/, (text) => text.replace(/\d/g, '0'));
  return `COALESCE(${below(literal)}, ${below(first)}, ${lowest})`;
}
