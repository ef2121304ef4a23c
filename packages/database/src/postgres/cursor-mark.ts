import { Decimal, type Json, type JsonObject } from '@tidemark/protocol';

/** Where following by a cursor column goes on. */
export interface CursorMark {
  column: string;
  /** The highest value that was sent, as the server writes it; null: none yet. */
  value: string | null;
  /** The keys of the rows with that value that were sent; null: not known, they come again. */
  keys: string[][] | null;
  /** The oldest transaction that was open when the mark was made (64 bits); null: not known. */
  floor: string | null;
  /** When that transaction began. */
  since: string | null;
  /** Whether any transaction was open then. Absent: not known. */
  running?: boolean;
}

/** Reads a mark; undefined when it is none. A state is input. */
export function cursorMark(value: Json): CursorMark | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Decimal.is(value)) return undefined;
  const mark = value as JsonObject;
  if (typeof mark.column !== 'string') return undefined;
  const text = (field: Json | undefined): string | null => (typeof field === 'string' ? field : null);
  const isList = (field: Json | undefined): field is string[] =>
    Array.isArray(field) && field.every((each) => typeof each === 'string');
  const keys = Array.isArray(mark.keys) && mark.keys.every(isList) ? (mark.keys as string[][]) : null;
  const floor = text(mark.floor);
  return {
    column: mark.column,
    value: text(mark.value),
    keys,
    floor: floor !== null && /^\d{1,19}$/.test(floor) ? floor : null,
    since: text(mark.since),
    ...(typeof mark.running === 'boolean' ? { running: mark.running } : {}),
  };
}
