import type { Json, JsonObject } from '@tidemark/protocol';
import { isLsn } from './lsn.js';

/**
 * How far the changes of one table are read: every transaction up to `lsn`. With `inside`, of the transaction `lsn` itself
 * only the changes up to there.
 */
export interface CdcPlace {
  readonly lsn: string;
  readonly inside?: CdcRow;
}

/** A row of a change table within its transaction. */
export interface CdcRow {
  /** The capture instance: rows are numbered by it alone. */
  readonly instance: string;
  /** Null where the change table has no `__$command_id` for it. */
  readonly command: string | null;
  readonly seqval: string;
  readonly operation: string;
}

/** A place in the change tables of a database. */
export interface CdcPosition {
  /** The database's own number (`service_broker_guid`); null where it is not known. */
  readonly database: string | null;
  readonly lsn: string;
  /** By `schema.name`, the tables that are further on than `lsn`. */
  readonly tables: Readonly<Record<string, CdcPlace>>;
}

/** Reads a position that came out of a state; undefined when it is none. */
export function cdcPosition(value: Json): CdcPosition | undefined {
  if (!isObject(value)) return undefined;
  const { database, lsn, tables } = value;
  if (!isLsn(lsn) || !isObject(tables) || (database !== null && typeof database !== 'string')) return undefined;
  const places: Record<string, CdcPlace> = {};
  for (const [id, each] of Object.entries(tables)) {
    const place = placeOf(each);
    if (!place) return undefined;
    Object.defineProperty(places, id, { value: place, enumerable: true, writable: true, configurable: true });
  }
  return { database, lsn, tables: places };
}

/** Where a table is. */
export function placeIn({ lsn, tables }: CdcPosition, id: string): CdcPlace {
  return Object.hasOwn(tables, id) ? tables[id]! : { lsn };
}

/** Whether everything up to `lsn` is behind a place. */
export function isBehind(place: CdcPlace, lsn: string): boolean {
  return place.lsn > lsn || (place.lsn === lsn && !place.inside);
}

function placeOf(value: Json | undefined): CdcPlace | undefined {
  if (!isObject(value) || !isLsn(value.lsn)) return undefined;
  const { lsn, inside } = value;
  if (inside === undefined) return { lsn };
  if (!isObject(inside)) return undefined;
  const { instance, command, seqval, operation } = inside;
  if (typeof instance !== 'string' || !isLsn(seqval)) return undefined;
  if (typeof operation !== 'string' || !/^[124]$/.test(operation)) return undefined;
  if (command !== null && (typeof command !== 'string' || !/^\d{1,10}$/.test(command))) return undefined;
  return { lsn, inside: { instance, command, seqval, operation } };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
