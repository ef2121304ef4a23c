/** How a dialect writes a predicate over a key. */
export interface KeySql {
  /** A column's name as SQL writes it, with its collation where it has to be named. */
  column(name: string, index: number): string;
  /** A bound's value for this column as SQL writes it: a literal, or a parameter that was just added. */
  value(text: string, index: number): string;
  /** The server compares row values and serves that from the key's index (PostgreSQL). */
  rowValues: boolean;
}

/**
 * `key > bound` or `key <= bound` over **all** columns of a key. Where row values are not served from an index, the first
 * column is bounded by itself as well: `a >= 1 AND (a > 1 OR (a = 1 AND b > 2))`.
 */
export function keyPredicate(
  columns: readonly string[],
  bound: readonly string[],
  side: 'after' | 'upTo',
  sql: KeySql,
): string {
  if (columns.length === 0 || columns.length !== bound.length)
    throw new RangeError(`a bound of ${bound.length} values for a key of ${columns.length} columns`);
  const column = (i: number): string => sql.column(columns[i]!, i);
  const value = (i: number): string => sql.value(bound[i]!, i);
  const strict = side === 'after' ? '>' : '<';
  const last = side === 'after' ? '>' : '<=';
  if (columns.length === 1) return `${column(0)} ${last} ${value(0)}`;
  const all = columns.map((_, i) => i);
  if (sql.rowValues) return `(${all.map(column).join(', ')}) ${last} (${all.map(value).join(', ')})`;
  const alternatives = all.map((i) => {
    const equal = all.slice(0, i).map((j) => `${column(j)} = ${value(j)}`);
    const own = `${column(i)} ${i === columns.length - 1 ? last : strict} ${value(i)}`;
    return `(${[...equal, own].join(' AND ')})`;
  });
  return `${column(0)} ${strict}= ${value(0)} AND (${alternatives.join(' OR ')})`;
}

/** `a, b` or `a DESC, b DESC`. */
export function keyOrder(columns: readonly string[], sql: KeySql, descending = false): string {
  return columns.map((column, i) => sql.column(column, i) + (descending ? ' DESC' : '')).join(', ');
}
