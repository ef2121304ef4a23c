import type { Json, JsonObject } from '@tidemark/protocol';
import type { Layouts } from './table-layouts.js';

/** A place in a server's binlog, between two transactions. */
export interface BinlogPosition {
  /** `@@server_uuid`; of MariaDB `@@server_id`. File names and offsets mean something on this server only. */
  server: string;
  file: string;
  pos: number;
  /** The transactions up to here: a GTID set of MySQL, a position of MariaDB. Null where the server writes no GTIDs. */
  gtid: string | null;
  /** Rises when another server of the same lineage is gone on from: its file numbers may be lower. */
  epoch: number;
  /** The columns of followed tables at this place, where the log itself does not name them and they are known. */
  columns?: Layouts;
}

/** Bits of `_ab_cdc_cursor` below the epoch: a file's number and an offset. */
const EPOCH_SHIFT = 53n;
const FILE_SHIFT = 32n;

/** Reads a position that came out of a state; undefined when it is none. */
export function binlogPosition(value: Json): BinlogPosition | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { server, file, pos, gtid, epoch, columns } = value as JsonObject;
  const isCount = (number: unknown): number is number => Number.isSafeInteger(number) && (number as number) >= 0;
  if (typeof server !== 'string' || typeof file !== 'string' || !isCount(pos) || !isCount(epoch)) return undefined;
  if (gtid !== null && typeof gtid !== 'string') return undefined;
  return { server, file, pos, gtid, epoch, ...(isLayouts(columns) ? { columns } : {}) };
}

function isLayouts(value: unknown): value is Layouts {
  const isColumn = (column: unknown): boolean =>
    Array.isArray(column) && column.length === 3 && typeof column[0] === 'string' && typeof column[1] === 'string';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((columns) => Array.isArray(columns) && columns.every(isColumn));
}

/** The number at the end of a binlog file's name: files of one server are ordered by it. */
export function fileNumber(file: string): number {
  return Number(/(\d+)$/.exec(file)?.[1] ?? 0);
}

/** Whether `at` is at or behind `to`. Of one server only. */
export function isReached(at: { file: string; pos: number }, to: { file: string; pos: number }): boolean {
  const [here, there] = [fileNumber(at.file), fileNumber(to.file)];
  return here > there || (here === there && at.pos >= to.pos);
}

/** A number that only rises, whatever server is read: the order of changes. */
export function cursorOf({ file, pos, epoch }: BinlogPosition): bigint {
  return (BigInt(epoch) << EPOCH_SHIFT) | (BigInt(fileNumber(file)) << FILE_SHIFT) | BigInt(pos);
}
