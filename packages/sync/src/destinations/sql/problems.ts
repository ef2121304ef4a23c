import type { Json } from '@tidemark/protocol';
import type { Column } from './column.js';

/** What a value was before it was changed. The value itself goes along: nothing that came in is lost. */
export interface Change {
  field: string;
  change: 'NULLED' | 'TRUNCATED';
  reason: 'DESTINATION_TYPECAST_ERROR' | 'DESTINATION_FIELD_SIZE_LIMITATION';
  value: Json;
}

/** What went wrong with the values of one column in one chunk of rows. */
export class Problems {
  /** By row. */
  readonly changes = new Map<number, Change[]>();
  /** Values that fit the column's kind but not its width, or a kind that only records have shown: the column has to widen. */
  misfits: Json[] = [];

  constructor(private readonly column: Column) {}

  /** The value does not fit: null in the row, the value in its changes. A column that no schema declares widens instead. */
  reject(row: number, value: Json): null {
    if (this.column.declared) this.note(row, 'NULLED', 'DESTINATION_TYPECAST_ERROR', value);
    else this.misfits.push(value);
    return null;
  }

  /** The value is of the right kind and needs a wider column. */
  tooWide(_row: number, value: Json): null {
    this.misfits.push(value);
    return null;
  }

  note(row: number, change: Change['change'], reason: Change['reason'], value: Json): void {
    const entry: Change = { field: this.column.field, change, reason, value };
    const list = this.changes.get(row);
    if (list) list.push(entry);
    else this.changes.set(row, [entry]);
  }
}
