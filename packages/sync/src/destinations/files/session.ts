import { type JsonObject, stringify } from '@tidemark/protocol';
import type {
  AttemptSummary,
  Job,
  JobOutcome,
  OpenOptions,
  ResetOrder,
  Session,
  StoredAttempt,
  StoredJob,
  StreamPlan,
  Writer,
} from '../../destination.js';
import { DUCKDB_COLUMNS } from '../duckdb/column.js';
import { Columns } from '../sql/column.js';
import { RawIds } from '../sql/raw-id.js';
import { SchemaWatch } from '../sql/schema-watch.js';
import { beginAttempt, eachOf, merged, removeGarbage } from './begin.js';
import type { FilesContext } from './context.js';
import type { Format } from './format.js';
import { allParts, booksFolder, entryKey, type Part, type StreamEntry, storedJob, withEntries } from './manifest.js';
import { ManifestStore } from './manifest-store.js';
import { NEXT_FOLDER, PartFiles } from './part-files.js';
import type { Place } from './place.js';
import { ordered } from './reset.js';
import { Staging, type StagingOptions } from './staging.js';
import { FilesWriter } from './writer.js';

/** How a file destination writes. */
export interface FilesSettings extends StagingOptions {
  place: Place;
  format: Format;
}

/** One connection's files, held by this sync. */
export class FilesSession implements Session {
  private context: FilesContext | undefined;
  private staging: Staging | undefined;
  private ids: RawIds;

  private constructor(
    private readonly settings: FilesSettings,
    private readonly options: OpenOptions,
    private readonly store: ManifestStore,
    private readonly work: string | undefined,
  ) {
    this.ids = new RawIds(options.clock);
  }

  static async open(settings: FilesSettings, options: OpenOptions): Promise<FilesSession> {
    const store = await ManifestStore.open(settings.place, options);
    try {
      const work = options.readOnly
        ? undefined
        : await settings.place.workFolder(booksFolder(options.connection), store.token);
      if (work) await settings.place.tidy?.(booksFolder(options.connection));
      return new FilesSession(settings, options, store, work);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async load(connection: string): Promise<StoredJob | undefined> {
    if (connection !== this.options.connection) return undefined;
    if (!this.options.readOnly) await this.dropMissing();
    const { streams } = this.store.current;
    this.ids = new RawIds(this.options.clock, Math.max(0, ...streams.map((entry) => entry.rawIdMark)));
    return storedJob(this.store.current);
  }

  async history(connection: string, limit: number): Promise<StoredAttempt[]> {
    return connection === this.options.connection ? this.store.current.attempts.slice(0, limit) : [];
  }

  async begin(job: Job, plans: readonly StreamPlan[]): Promise<void> {
    const context = await this.prepare(job);
    const db = await context.staging.connect();
    try {
      await beginAttempt(db, { ...context, files: context.files.again() }, plans);
    } finally {
      db.connection.closeSync();
    }
  }

  async writer(plans: readonly StreamPlan[]): Promise<Writer> {
    return new FilesWriter(await this.context!.staging.connect(), this.context!, plans);
  }

  async end(job: Job, outcome: JobOutcome, summary: AttemptSummary): Promise<void> {
    if (outcome === 'partial' || outcome === 'failed') await this.mergeRest();
    await this.context?.watch.end(async (plan) => this.columnsOf(plan));
    const endedAt = this.options.clock();
    await this.store.commit((manifest) => ({
      ...manifest,
      outcome,
      lastAttemptProgressed: summary.progressed,
      givenUp: summary.givenUp,
      attempts: manifest.attempts.map((one) =>
        one.job === job.id && one.attempt === job.attempt
          ? { ...one, outcome, rows: summary.rows, error: summary.error, endedAt }
          : one,
      ),
    }));
  }

  async reset(_connection: string, orders: readonly ResetOrder[], shared?: JsonObject | null): Promise<void> {
    const before = this.store.current.streams;
    const now = this.options.clock();
    const after = await this.store.commit((manifest) => {
      const streams = ordered(manifest.streams, orders, now);
      const isOrphan = !streams.some((entry) => entry.state !== undefined);
      const kept = isOrphan ? undefined : manifest.shared;
      return { ...manifest, streams, shared: shared === undefined ? kept : shared ? stringify(shared) : undefined };
    });
    const named = new Set(after.streams.flatMap(allParts).map((part) => part.path));
    const gone = before.flatMap(allParts).filter((part) => !named.has(part.path));
    await this.settings.place.remove(gone.map((part) => part.path));
  }

  async close(): Promise<void> {
    await this.store.close().catch(() => undefined);
    try {
      this.staging?.close();
    } catch (error) {
      this.options.log('DEBUG', String(error));
    }
    await this.settings.place.close(this.work);
  }

  private async prepare(job: Job): Promise<FilesContext> {
    const { settings, options, store, ids } = this;
    const work = this.work!;
    this.staging ??= await Staging.open(work, settings.place.name, settings);
    const watch = new SchemaWatch(options);
    const files = new PartFiles(settings.place, settings.format, work, store.token, this.staging);
    this.context = { options, store, files, staging: this.staging, ids, job, watch };
    return this.context;
  }

  private columnsOf(plan: StreamPlan): Columns {
    const entry = this.store.current.streams.find((one) => entryKey(one) === plan.key);
    return new Columns(DUCKDB_COLUMNS, entry?.columns);
  }

  /** What a deduplicated stream has got so far can be read although its stream did not come to an end. */
  private async mergeRest(): Promise<void> {
    const { context, store } = this;
    if (!context) return;
    for (const key of store.current.streams.filter((one) => one.delta?.parts.length).map(entryKey)) {
      const db = await context.staging.connect();
      const files = context.files.again();
      try {
        const entry = store.current.streams.find((one) => entryKey(one) === key)!;
        const now = await merged(db, { ...context, files }, entry);
        files.created.clear();
        await store.commit((manifest) => withEntries(manifest, (one) => (entryKey(one) === key ? now : one)));
        await removeGarbage({ files, options: this.options }, now);
      } catch (error) {
        await files.discard();
        this.options.log('WARN', `Its last rows are merged by the next sync: ${(error as Error).message}`);
      } finally {
        db.connection.closeSync();
      }
    }
  }

  /**
   * A state covers rows. Where somebody has removed all files of a stream, the state would leave their rows out for ever;
   * where some are gone (a lifecycle rule of the bucket), the others count.
   */
  private async dropMissing(): Promise<void> {
    const { place } = this.settings;
    const changed = new Map<string, StreamEntry>();
    await eachOf(this.store.current.streams, async (entry) => {
      if (allParts(entry).length === 0) return;
      const found = [...(await place.list(entry.folder)), ...(await place.list(`${entry.folder}/${NEXT_FOLDER}`))];
      const there = new Set(found.map(({ path }) => path));
      const lost = allParts(entry).filter((part) => !there.has(part.path));
      if (lost.length > 0) changed.set(entryKey(entry), this.without(entry, there, lost));
    });
    if (changed.size === 0) return;
    await this.store.commit((manifest) => withEntries(manifest, (entry) => changed.get(entryKey(entry)) ?? entry));
  }

  private without(entry: StreamEntry, there: ReadonlySet<string>, lost: readonly Part[]): StreamEntry {
    const kept = (parts: readonly Part[]) => parts.filter((part) => there.has(part.path));
    const left: StreamEntry = {
      ...entry,
      parts: kept(entry.parts),
      next: entry.next && { ...entry.next, parts: kept(entry.next.parts) },
      delta: entry.delta && { ...entry.delta, parts: kept(entry.delta.parts) },
    };
    // Half-read rows are of no use in part.
    const half = entry.status === 'open' && lost.some((part) => entry.next?.parts.includes(part));
    const where = `${lost.length} files of stream ${entry.name} are gone from ${entry.folder}`;
    if (allParts(left).length > 0 && !half) {
      this.options.log('WARN', `${where}: the stream goes on with those that are left.`);
      return left;
    }
    this.options.log('WARN', `${where}: the stream is read from the beginning.`);
    return { ...left, next: undefined, delta: undefined, state: undefined, status: 'open', rows: 0 };
  }
}
