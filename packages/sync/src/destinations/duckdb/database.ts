import { existsSync, linkSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api';
import { ConnectorError } from '@tidemark/source';
import { type Duck, importDuck } from './chunk.js';
import { duckError } from './errors.js';
import { MemoryLimit } from './memory.js';

/** DuckDB's own lock keeps other processes out; within this process nothing else would. */
const OPEN = Symbol.for('tidemark.duckdb.open');
function openFiles(): Set<string> {
  const holder = globalThis as { [OPEN]?: Set<string> };
  holder[OPEN] ??= new Set();
  return holder[OPEN];
}

/** What can be set for the embedded database. */
export interface DatabaseOptions {
  /** For example `512MB`; absent: as much as the open tables need. */
  memoryLimit?: string;
  threads: number;
  /** Nothing is made or written. */
  readOnly?: boolean;
}

/** A connection with errors that say what to do. */
export class Db {
  constructor(
    readonly connection: DuckDBConnection,
    private readonly file: string,
  ) {}

  async run(sql: string, values?: DuckDBValue[]): Promise<void> {
    try {
      await this.connection.run(sql, values);
    } catch (error) {
      throw this.error(error);
    }
  }

  async all(sql: string, values?: DuckDBValue[]): Promise<Record<string, unknown>[]> {
    try {
      const reader = await this.connection.runAndReadAll(sql, values);
      return reader.getRowObjectsJS() as Record<string, unknown>[];
    } catch (error) {
      throw this.error(error);
    }
  }

  async one(sql: string, values?: DuckDBValue[]): Promise<Record<string, unknown>> {
    return (await this.all(sql, values))[0] ?? {};
  }

  /** All or nothing. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.run('BEGIN');
    let result: T;
    try {
      result = await work();
      await this.run('COMMIT');
    } catch (error) {
      await this.connection.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
    return result;
  }

  error(error: unknown): ConnectorError {
    return duckError(error, this.file);
  }
}

/** A DuckDB file that is held by this process alone. */
export class Database {
  private constructor(
    readonly duck: Duck,
    readonly file: string,
    private readonly instance: DuckDBInstance,
  ) {}

  /** Opens the file, or makes it. Throws ConnectorError that says what to do. */
  static async open(path: string, options: DatabaseOptions): Promise<Database> {
    const duck = await importDuck();
    const file = options.readOnly ? resolve(path) : prepare(path);
    if (openFiles().has(file))
      throw new ConnectorError(
        'transient',
        `${path} is in use by another sync of this process. Run one after the other.`,
      );
    openFiles().add(file);
    try {
      const settings: Record<string, string> = {
        memory_limit: options.memoryLimit ?? MemoryLimit.initial,
        threads: String(options.threads),
        // Rows that were written apart stay apart until `compact`: together, large ones do not fit into memory.
        max_vacuum_tasks: '0',
        // What is freed goes back to the system: with values of many megabytes the allocator would keep hundreds of them.
        allocator_background_threads: 'true',
        allocator_flush_threshold: '8MiB',
        allocator_bulk_deallocation_flush_threshold: '8MiB',
      };
      if (options.readOnly) settings.access_mode = 'READ_ONLY';
      // An empty file (`touch`, a mounted placeholder) holds nothing: it is replaced by a database.
      if (!options.readOnly && existsSync(file) && statSync(file).size === 0) rmSync(file);
      if (!options.readOnly && !existsSync(file)) await makeFile(duck, file);
      const instance = await duck.api.DuckDBInstance.create(file, settings);
      return new Database(duck, file, instance);
    } catch (error) {
      openFiles().delete(file);
      throw duckError(error, path);
    }
  }

  async connect(): Promise<Db> {
    return new Db(await this.instance.connect(), this.file);
  }

  close(): void {
    try {
      this.instance.closeSync();
    } finally {
      openFiles().delete(this.file);
    }
  }
}

/** The file's one true path; its folder is made. */
function prepare(path: string): string {
  const full = resolve(path);
  try {
    mkdirSync(dirname(full), { recursive: true });
  } catch (error) {
    throw new ConnectorError('config', `The folder of ${path} cannot be made: ${(error as Error).message}`);
  }
  return join(realpathSync(dirname(full)), basename(full));
}

/** Made beside its place and renamed: a kill never leaves half a file that nothing can open. */
async function makeFile(duck: Duck, file: string): Promise<void> {
  if (existsSync(`${file}.wal`) && statSync(`${file}.wal`).size > 0) {
    throw new ConnectorError(
      'config',
      `${file}.wal is there and ${file} is not: it belongs to a database that was moved or deleted. Move it away first.`,
    );
  }
  removeStaleDrafts(file);
  const draft = `${file}.${process.pid}.new`;
  try {
    const instance = await duck.api.DuckDBInstance.create(draft);
    instance.closeSync();
    putInPlace(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    rmSync(`${draft}.wal`, { force: true });
    throw error;
  }
}

/** What a process left that was killed while it made the file. */
function removeStaleDrafts(file: string): void {
  const start = `${basename(file)}.`;
  for (const name of readdirSync(dirname(file))) {
    const pid = name.startsWith(start) ? /^(\d+)\.new(\.wal)?$/.exec(name.slice(start.length))?.[1] : undefined;
    if (pid !== undefined && (Number(pid) === process.pid || !isAlive(Number(pid)))) rmSync(join(dirname(file), name));
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Never over a file that another process has made, and perhaps opened, in the meantime. */
function putInPlace(draft: string, file: string): void {
  try {
    linkSync(draft, file);
    rmSync(draft);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') rmSync(draft);
    else renameSync(draft, file); // a file system without links
  }
}
