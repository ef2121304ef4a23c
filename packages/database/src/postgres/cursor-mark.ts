import { Decimal, type Json, type JsonObject } from '@tidemark/protocol';
import { type Moment, momentOf } from './moment.js';

/** Keys of rows, as the server writes their columns. */
export type Keys = readonly (readonly string[])[];

/** A moment, and what a relation without transaction ids remembers of it. */
export interface CursorMoment extends Moment {
  /** The keys of the rows without an ordinary value that were there; null: too many. Absent where transactions tell. */
  readonly endless?: Keys | null;
}

/** A sync that was broken off among rows that came late: when it began, and after which row. */
export interface Begun {
  readonly moment: CursorMoment;
  readonly pass: 'endless' | 'late';
  readonly after: readonly string[];
}

/** Where following by a cursor column goes on. What was open at its moment may have come late since. */
export interface CursorMark extends CursorMoment {
  readonly column: string;
  /** The highest value that was sent, as the server writes it; null: none yet. */
  readonly value: string | null;
  /** The keys of the rows with that value that were sent; null: not known, they come again. */
  readonly keys: Keys | null;
  readonly begun?: Begun;
}

/** Reads a mark; undefined when it is none. A state is input. */
export function cursorMark(value: Json): CursorMark | undefined {
  if (!isObject(value) || typeof value.column !== 'string') return undefined;
  const { begun } = value;
  const isBegun = isObject(begun) && isObject(begun.moment) && (begun.pass === 'endless' || begun.pass === 'late');
  return {
    column: value.column,
    value: typeof value.value === 'string' ? value.value : null,
    keys: keysOf(value.keys),
    ...cursorMoment(value),
    ...(isBegun && isTexts(begun.after)
      ? {
          begun: {
            moment: cursorMoment(begun.moment as JsonObject),
            pass: begun.pass as Begun['pass'],
            after: begun.after,
          },
        }
      : {}),
  };
}

function cursorMoment(state: JsonObject): CursorMoment {
  return { ...momentOf(state), ...(state.endless === undefined ? {} : { endless: keysOf(state.endless) }) };
}

function keysOf(field: Json | undefined): Keys | null {
  return Array.isArray(field) && field.every(isTexts) ? field : null;
}

function isTexts(field: Json | undefined): field is string[] {
  return Array.isArray(field) && field.every((each) => typeof each === 'string');
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Decimal.is(value);
}
