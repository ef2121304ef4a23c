import { ConnectorError } from '@tidemark/source';
import type { SqlServerColumn } from './types.js';

/** A name as SQL writes it. */
export function quoteName(name: string): string {
  return `[${name.replaceAll(']', ']]')}]`;
}

/** A text as SQL writes it. */
export function quoteText(text: string): string {
  return `N'${text.replaceAll("'", "''")}'`;
}

const FORMS = {
  number: /^-?\d+(\.\d+)?$/,
  binary: /^(?:[0-9A-F]{2})*$/,
  date: /^\d{4}-\d\d-\d\d$/,
  datetime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?$/,
  time: /^\d\d:\d\d:\d\d(\.\d{1,7})?$/,
  uuid: /^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/,
} as const;

/**
 * A bound's value as a literal that the server compares as the column's own type. A bound comes from a state, and a state is
 * input: what has not the form of the type is refused. Throws ConnectorError (config).
 */
export function keyLiteral(column: SqlServerColumn, text: string): string {
  const { keyForm } = column;
  if (keyForm === 'text') return column.type.startsWith('n') ? quoteText(text) : quoteText(text).slice(1);
  if (keyForm === undefined || keyForm === 'ordinal' || !FORMS[keyForm].test(text)) {
    throw new ConnectorError(
      'config',
      `The state holds a position of column '${column.name}' (${column.type}) that is no value of it. Read the table without a state to begin anew.`,
    );
  }
  switch (keyForm) {
    case 'number':
      return text;
    case 'binary':
      return `0x${text}`;
    default:
      // As the column's own type: a literal of another would be converted to, or convert the column.
      return `CONVERT(${column.type}, '${text}'${keyForm === 'datetime' ? ', 126' : ''})`;
  }
}

/** A condition that two texts are equal by a column's collation; undefined for columns without one. */
export function equalTexts(column: SqlServerColumn, one: string, other: string): string | undefined {
  const { keyForm, collation, type } = column;
  if (keyForm !== 'text' || !collation) return undefined;
  const side = (text: string): string => `CONVERT(${type}, ${keyLiteral(column, text)}) COLLATE ${collation}`;
  return `${side(one)} = ${side(other)}`;
}
