import type { KeySql } from '../key-paging.js';
import type { Stretch } from './key-cuts.js';

/** The conditions that the rows of a stretch have, over the first columns of a key. */
export function stretchSql(key: readonly string[], { prefix, conditions }: Stretch, sql: KeySql): string[] {
  const compared = (i: number, operator: string, value: string): string =>
    `${sql.column(key[i]!, i)} ${operator} ${sql.value(value, i)}`;
  return [
    ...prefix.map((value, i) => compared(i, '=', value)),
    ...conditions.map(([operator, value]) => compared(prefix.length, operator, value)),
  ];
}
