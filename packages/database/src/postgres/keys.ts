import type { KeySql } from '../key-paging.js';
import { literal, name } from './sql.js';

/** How PostgreSQL writes a key: row values are served from its index, a literal takes the column's type. */
export const POSTGRES_KEYS: KeySql = {
  column: (column) => name(column),
  value: (text) => literal(text),
  rowValues: true,
};
