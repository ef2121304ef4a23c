import { randomBytes } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { ConnectorError } from '@tidemark/source';
import { literal } from '../duckdb/column.js';
import type { Db } from '../duckdb/database.js';
import type { Columns } from '../sql/column.js';
import type { Format } from './format.js';
import type { Part } from './manifest.js';
import type { Place } from './place.js';
import type { Staging } from './staging.js';

/** What is known of rows besides their number. */
export type About = Pick<Part, 'generations' | 'jobs' | 'units' | 'longest'>;

/** Where in a stream's folder a part is: among those that readers see, or hidden until its stream is complete. */
export const NEXT_FOLDER = '_next';
/** Rows of this size are large. */
const LARGE_BYTES = 16 * 1024;
/** After a part of rows that take so much in memory there is memory to be given back. */
const TRIM_BYTES = 8 * 1024 * 1024;
/** DuckDB works on so many rows at once. */
const VECTOR_ROWS = 2_048;
const OURS = /^\d{6,}-\d{4,}-\d{6,}-[0-9a-f]{6}\.(parquet|jsonl(\.gz|\.zst)?)$/;

/** Makes part files, reads them and makes others of them. */
export class PartFiles {
  /** The paths of what was made and is not committed. */
  readonly created = new Set<string>();
  private made = 0;

  constructor(
    readonly place: Place,
    readonly format: Format,
    /** A folder of this machine. */
    readonly work: string,
    private readonly token: number,
    private readonly staging: Pick<Staging, 'memory' | 'trim'>,
  ) {}

  /** The same, for another stream. */
  again(): PartFiles {
    return new PartFiles(this.place, this.format, this.work, this.token, this.staging);
  }

  /** Removes what was made since the last commit. What cannot be removed now is when the next attempt begins. */
  async discard(): Promise<void> {
    const paths = [...this.created];
    this.created.clear();
    if (paths.length > 0) await this.place.remove(paths).catch(() => undefined);
  }

  /** Whether a file in a stream's folder is one that this destination has made. */
  static isOurs(path: string): boolean {
    return OURS.test(path.slice(path.lastIndexOf('/') + 1));
  }

  /**
   * Writes the rows of a SELECT (made by the format) to a new part. Nothing is made of no rows. `rows`, where it is known,
   * is compared with what DuckDB says that it wrote: ConnectorError (system) when they differ; `most` is an upper bound.
   */
  async make(
    db: Db,
    select: string,
    folder: string,
    about: About,
    known: { rows?: number; most?: number; rowBytes?: number } = {},
  ) {
    const name = this.name(about.generations[1]);
    const file = `${this.work}/${name}`;
    const { rowBytes = 1_000 } = known;
    await this.makeRoom(known.rows ?? known.most ?? VECTOR_ROWS, rowBytes);
    const { Count } = await db.one(`COPY (${select}) TO ${literal(file)} (${this.format.options(rowBytes)})`);
    this.staging.memory.release(this);
    if (Number(Count) * rowBytes >= TRIM_BYTES) await this.staging.trim();
    const rows = Number(Count);
    if (known.rows !== undefined && known.rows !== rows)
      throw new ConnectorError(
        'system',
        `Dropped records: ${known.rows} rows were to be written to ${folder}/${name}, and ${rows} were. Nothing of them was committed.`,
      );
    if (rows === 0) {
      await rm(file, { force: true });
      return undefined;
    }
    const { size } = await stat(file);
    const path = `${folder}/${name}`;
    this.created.add(path);
    await this.place.put(file, path);
    return { path, rows, bytes: size, raw: Math.round(rows * rowBytes), ...about } satisfies Part;
  }

  /** DuckDB has several copies of what it writes in memory: of large rows that is a lot. Until the next `make` ends. */
  async makeRoom(rows: number, rowBytes: number): Promise<void> {
    if (rowBytes < LARGE_BYTES) return;
    const together = Math.min(rows, VECTOR_ROWS);
    await this.staging.memory.need(this, 0, together, (together * rowBytes * this.format.copies) / 2);
  }

  /** The rows of parts that are on this machine as `local`; see `Format.rows`. */
  rows(db: Db, parts: readonly Part[], local: readonly string[], columns: Columns): Promise<string> {
    const longest = longestOf(parts);
    return this.format.rows(db, local, columns, longest);
  }

  /** Calls `work` with the parts as files of this machine. */
  async reading<T>(parts: readonly Part[], work: (files: string[]) => Promise<T>): Promise<T> {
    const files: string[] = [];
    try {
      for (const part of parts) files.push(await this.place.fetch(part.path, this.work));
      return await work(files);
    } finally {
      for (const file of files) if (file.startsWith(`${this.work}/`)) await rm(file, { force: true });
    }
  }

  /** A part with those rows of another for which `where` holds; undefined when there are none. */
  async filtered(
    db: Db,
    part: Part,
    columns: Columns,
    fields: readonly string[],
    where: string,
    folder = folderOf(part),
  ): Promise<Part | undefined> {
    const carried = this.format.carried(columns, fields);
    return this.reading([part], async (files) => {
      const rows = `(${await this.rows(db, [part], files, carried)})`;
      const select = this.format.fromRows(`(SELECT * FROM ${rows} WHERE ${where})`, carried);
      return this.make(db, select, folder, aboutOf([part], false), { rowBytes: rowBytesOf([part]), most: part.rows });
    });
  }

  /** One part with the rows of several, in their order. */
  async joined(db: Db, parts: readonly Part[], columns: Columns, folder: string): Promise<Part | undefined> {
    const carried = this.format.carried(columns, []);
    return this.reading(parts, async (files) => {
      const each: string[] = [];
      for (const file of files) each.push(await this.rows(db, parts, [file], carried));
      const select = this.format.fromRows(`(${each.join(' UNION ALL ')})`, carried);
      const rows = parts.reduce((sum, part) => sum + part.rows, 0);
      return this.make(db, select, folder, aboutOf(parts, false), { rows, rowBytes: rowBytesOf(parts) });
    });
  }

  /** The part elsewhere, as it is. */
  async moved(part: Part, folder: string): Promise<Part> {
    const path = `${folder}/${this.name(part.generations[1])}`;
    this.created.add(path);
    await this.place.copy(part.path, path);
    return { ...part, path };
  }

  /** Sorted by name, a stream's parts are in the order in which they were made. */
  private name(generation: number): string {
    const numbers = [pad(generation, 6), pad(this.token, 4), pad(++this.made, 6)];
    return `${numbers.join('-')}-${randomBytes(3).toString('hex')}.${this.format.extension}`;
  }
}

/** What is known of the rows of several parts together. */
export function aboutOf(parts: readonly Part[], sameUnits: boolean): About {
  const generations = parts.flatMap((part) => part.generations);
  const jobs = parts.flatMap((part) => part.jobs);
  return {
    generations: [Math.min(...generations), Math.max(...generations)],
    jobs: [Math.min(...jobs), Math.max(...jobs)],
    ...(longestOf(parts) ? { longest: longestOf(parts) } : {}),
    ...(sameUnits && parts.length === 1 && parts[0]!.units ? { units: parts[0]!.units } : {}),
  };
}

function longestOf(parts: readonly Part[]): number | undefined {
  const longest = Math.max(0, ...parts.map((part) => part.longest ?? 0));
  return longest === 0 ? undefined : longest;
}

export function rowsOf(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + part.rows, 0);
}

/** About what a row takes in memory. */
export function rowBytesOf(parts: readonly Part[]): number {
  return rawOf(parts) / Math.max(1, rowsOf(parts));
}

/** About what the rows take in memory. */
export function rawOf(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + part.raw, 0);
}

function folderOf(part: Part): string {
  return part.path.slice(0, part.path.lastIndexOf('/'));
}

function pad(number: number, width: number): string {
  return String(number).padStart(width, '0');
}
