import { totalmem } from 'node:os';
import type { Db } from './database.js';

const MIB = 1024 * 1024;
/** What DuckDB gets for narrow tables: it writes to disk early and stays small. */
const BASE_BYTES = 128 * MIB;
/** An open table holds a block of 256 KiB of each column, and as much again while it is committed. */
const COLUMN_BYTES = 0.75 * MIB;
/** A column's values of one vector (2,048 rows) are in memory together, several times over, whenever it is written. */
const VECTOR_ROWS = 2_048;
const VECTOR_COPIES = 2;

/**
 * Keeps DuckDB's memory limit where the open tables need it: small for the ordinary table, as much as it takes for a
 * thousand columns or for records of twenty megabytes, which would fail otherwise. A limit that the user set stays.
 */
export class MemoryLimit {
  private readonly needs = new Map<object, number>();
  private current = BASE_BYTES;

  constructor(
    private readonly db: Db,
    private readonly isFixed: boolean,
  ) {}

  /** What DuckDB has now, as it takes it; what the user set is not known here. */
  get text(): string {
    return `${Math.floor(this.current / MIB)}MiB`;
  }

  static readonly initial = `${BASE_BYTES / MIB}MiB`;

  /** A table is written by `owner`: `columns` wide, `rows` of about `bytes` in all since the last commit. */
  async need(owner: object, columns: number, rows: number, bytes: number): Promise<void> {
    const vector = rows === 0 ? 0 : (bytes / rows) * Math.min(rows, VECTOR_ROWS) * VECTOR_COPIES;
    const need = columns * COLUMN_BYTES + vector;
    if (need <= (this.needs.get(owner) ?? 0)) return;
    this.needs.set(owner, need);
    await this.apply();
  }

  /** The table is closed. The limit stays: what was written is moved into the file later, and takes memory then. */
  release(owner: object): void {
    this.needs.delete(owner);
  }

  private async apply(): Promise<void> {
    if (this.isFixed) return;
    let sum = BASE_BYTES / 2;
    for (const need of this.needs.values()) sum += need;
    // In steps, so that it is not set anew for every chunk.
    const step = 64 * MIB;
    const limit = Math.min(Math.max(BASE_BYTES, Math.ceil(sum / step) * step), Math.floor(totalmem() * 0.8));
    if (limit <= this.current) return;
    this.current = limit;
    await this.db.run(`SET memory_limit = '${this.text}'`);
  }
}
