import type { Column } from '../column.js';

/** Columns that records have beside the table's own while it is followed by a log; they are filled by the log itself. */
export function logColumns(columns: Readonly<Record<string, 'string' | 'integer'>>): Column[] {
  return Object.entries(columns).map(([name, type]) => ({
    name,
    type: 'log',
    nullable: true,
    schema: { type: ['null', type] },
    decode: (text) => text,
  }));
}
