import type { Finding } from './dialect.js';

/** A finding for people. */
export function sentence({ table, problem, remedy }: Finding): string {
  const about = table === undefined ? '' : `${table}: `;
  return `${about}${problem}${remedy === undefined ? '' : ` Mend it with: ${remedy}`}`;
}
