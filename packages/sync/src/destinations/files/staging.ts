import type { DuckDBInstance } from '@duckdb/node-api';
import { type Duck, importDuck } from '../duckdb/chunk.js';
import { literal } from '../duckdb/column.js';
import { Db } from '../duckdb/database.js';
import { duckError } from '../duckdb/errors.js';
import { duckDbLedger } from '../duckdb/ledger-dialect.js';
import { MemoryLimit } from '../duckdb/memory.js';
import { prepareBooks } from '../sql/ledger-tables.js';

/** What can be set for the embedded DuckDB. */
export interface StagingOptions {
  /** For example `512MB`; absent: as much as the open tables need. */
  memoryLimit?: string;
  threads?: number;
}

/** The embedded DuckDB in which rows are typed and put together to files. Nothing in it outlives the run. */
export class Staging {
  private tables = 0;

  private constructor(
    readonly duck: Duck,
    private readonly instance: DuckDBInstance,
    private readonly label: string,
    readonly memory: MemoryLimit,
    private readonly first: Db,
    private readonly memoryLimit: string | undefined,
  ) {}

  /** `folder`: where it puts what does not fit its memory. */
  static async open(folder: string, label: string, options: StagingOptions): Promise<Staging> {
    const duck = await importDuck();
    const { memoryLimit, threads = 1 } = options;
    try {
      const instance = await duck.api.DuckDBInstance.create(':memory:', {
        memory_limit: memoryLimit ?? MemoryLimit.initial,
        threads: String(threads),
        temp_directory: `${folder}/spill`,
        // One thread reads in order all the same; told to keep an order, DuckDB holds back what it writes.
        preserve_insertion_order: 'false',
      });
      const first = new Db(await instance.connect(), label);
      await first.run("SET GLOBAL TimeZone = 'UTC'");
      await prepareBooks(first, duckDbLedger);
      return new Staging(duck, instance, label, new MemoryLimit(first, memoryLimit !== undefined), first, memoryLimit);
    } catch (error) {
      throw duckError(error, label);
    }
  }

  async connect(): Promise<Db> {
    return new Db(await this.instance.connect(), this.label);
  }

  /**
   * Gives the memory back to the system that DuckDB has freed. What it frees of large rows stays with the process otherwise,
   * in pieces too small for the next ones: DuckDB cleans up when it is told a limit, also when that is the one it has.
   */
  async trim(): Promise<void> {
    await this.first.run(`SET memory_limit = ${literal(this.memoryLimit ?? this.memory.text)}`);
  }

  /** A name that no other table has. */
  tableName(): string {
    return `t${++this.tables}`;
  }

  close(): void {
    this.first.connection.closeSync();
    this.instance.closeSync();
  }
}
