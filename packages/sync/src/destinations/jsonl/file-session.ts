import { type JsonObject, streamKey } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { BookStore, Books } from '../../books.js';
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
  StreamState,
  Writer,
} from '../../destination.js';
import { Lease } from '../files/lease.js';
import { LocalPlace } from '../files/local-place.js';
import { RawIds } from '../sql/raw-id.js';
import { FileWriter } from './file-writer.js';
import { type FileNote, type Intent, isStored, stateText } from './intent.js';
import { JsonlFile, type Removal } from './jsonl-file.js';
import { lineStart, warnOfDedup } from './lines.js';

const NOTE = 'length.json';

/** What a commit puts into the file. */
export interface FileChange {
  /** Files whose lines are added. */
  add: readonly string[];
  /** How many bytes they have. */
  bytes: number;
  remove: readonly Removal[];
}

/**
 * A file of JSON lines that one connection writes. What is going to be appended is noted before, with what the books will
 * say then; after a kill the books tell whether the appended lines count, and if not they are cut off again.
 */
export class FileSession implements Session {
  ids: RawIds;
  readonly work: string;
  /** Rows that the books have of each stream. */
  private readonly rows = new Map<string, number>();
  private note: FileNote;
  private version: string | undefined;
  private queue: Promise<unknown> = Promise.resolve();
  private failure: unknown;
  job: Job | undefined;

  private constructor(
    readonly file: JsonlFile,
    private readonly place: LocalPlace,
    private readonly lease: Lease,
    private readonly books: Books,
    readonly options: OpenOptions,
    work: string,
  ) {
    this.work = work;
    this.ids = new RawIds(options.clock);
    this.note = { connection: options.connection, mark: 0, length: 0 };
  }

  static async open(path: string, store: BookStore, options: OpenOptions): Promise<Session> {
    const place = new LocalPlace(`${path}.tidemark`);
    await place.open(false);
    const lease = await Lease.take(place, 'lease.json', options);
    let books: Books | undefined;
    try {
      books = await store.open(options);
      const work = await place.workFolder('lines', lease.token);
      const file = new JsonlFile(path, `${path}.tidemark/next.jsonl`);
      const session = new FileSession(file, place, lease, books, options, work);
      await session.readNote();
      return session;
    } catch (error) {
      await books?.close();
      await lease.release();
      throw error;
    }
  }

  async load(connection: string): Promise<StoredJob | undefined> {
    const stored = await this.books.load(connection);
    await this.recover(stored);
    const size = await this.file.size();
    if ((size ?? 0) > this.note.length)
      throw new ConnectorError(
        'config',
        `${this.file.path} has lines that this connection did not write. They were left as they are. Name another file, or move this one away.`,
      );
    if ((size ?? 0) === this.note.length) return stored;
    this.options.log('WARN', `${this.file.path} is shorter than it was: all its streams are read from the beginning.`);
    await this.write({ ...this.note, length: size ?? 0, intent: undefined });
    const streams = stored?.streams.map((one) => ({ ...one, state: undefined, status: 'open' as const, rows: 0 }));
    return stored && { ...stored, streams: streams! };
  }

  history(connection: string, limit: number): Promise<StoredAttempt[]> {
    return this.books.history(connection, limit);
  }

  async begin(job: Job, plans: readonly StreamPlan[]): Promise<void> {
    this.job = job;
    warnOfDedup(plans, this.options.log);
    for (const plan of plans) this.rows.set(plan.key, plan.rowsBefore);
    const remove = plans
      .filter((plan) => plan.partialGeneration !== undefined)
      .map(({ stream, partialGeneration }) => ofGeneration(stream, (generation) => generation === partialGeneration));
    const attempt = { job: job.nonce, attempt: job.attempt };
    await this.change({ add: [], bytes: 0, remove }, { streams: [], attempt }, () => this.books.begin(job, plans));
  }

  async writer(plans: readonly StreamPlan[]): Promise<Writer> {
    return new FileWriter(this, plans);
  }

  /** Puts lines into the file and states into the books: both, whatever happens, or neither. */
  async commit(
    change: FileChange,
    states: readonly StreamState[],
    { shared, complete }: { shared?: JsonObject; complete?: boolean },
    refuse: (removed: number) => void,
  ): Promise<void> {
    const streams = states.map(({ stream, state, rows }) => {
      const all = (this.rows.get(stream) ?? 0) + rows;
      return { key: stream, job: this.job!.nonce, rows: all, state: stateText(state) };
    });
    await this.change(change, { streams }, () => this.books.store(states, { shared, complete }), refuse);
    for (const { key, rows } of streams) this.rows.set(key, rows);
  }

  async reset(connection: string, orders: readonly ResetOrder[], shared?: JsonObject | null): Promise<void> {
    await this.books.reset(connection, orders, shared);
    const remove = orders.filter(({ what }) => what === 'clear').map(({ stream }) => ofGeneration(stream, () => true));
    // The books have it already: nothing has to be found out after a kill.
    if (remove.length > 0) await this.change({ add: [], bytes: 0, remove }, { streams: [] }, async () => undefined);
  }

  end(job: Job, outcome: JobOutcome, summary: AttemptSummary): Promise<void> {
    return this.books.end(job, outcome, summary);
  }

  async close(): Promise<void> {
    await this.queue;
    await this.lease.release();
    await this.place.close(this.work);
    await this.books.close();
  }

  /** One change after the other. */
  private change(
    change: FileChange,
    expected: Pick<Intent, 'streams' | 'attempt'>,
    store: () => Promise<void>,
    refuse: (removed: number) => void = () => undefined,
  ): Promise<void> {
    const done = this.queue.then(async () => {
      if (this.failure !== undefined) throw this.failure;
      const removed = await this.file.count(change.remove);
      refuse(removed);
      if (removed === 0 && change.bytes === 0) return store();
      return this.carryOut(change, removed > 0, expected, store);
    });
    this.queue = done.catch(() => undefined);
    return done;
  }

  /** The intent, the lines, the books, and then what the file is. */
  private async carryOut(
    { add, bytes, remove }: FileChange,
    isRewrite: boolean,
    expected: Pick<Intent, 'streams' | 'attempt'>,
    store: () => Promise<void>,
  ): Promise<void> {
    const length = isRewrite ? await this.file.prepare(remove, add) : this.note.length + bytes;
    await this.write({ ...this.note, mark: this.ids.mark, intent: { length, isRewrite, ...expected } });
    try {
      if (!isRewrite) await this.file.append(add);
      await store();
    } catch (error) {
      // Whether the books have it is not certain: the next run finds out. Nothing may be written after it in this one.
      this.failure = error;
      throw error;
    }
    if (isRewrite) await this.file.swap();
    await this.write({ ...this.note, length, intent: undefined });
  }

  private async readNote(): Promise<void> {
    const found = await this.place.read(NOTE);
    if (!found) {
      if ((await this.file.size()) === undefined) await this.file.truncate(0);
      return;
    }
    this.version = found.version;
    this.note = JSON.parse(found.text) as FileNote;
    const { connection } = this.note;
    if (connection !== this.options.connection)
      throw new ConnectorError(
        'config',
        `${this.file.path} belongs to the connection '${connection}'. Name another file for '${this.options.connection}'.`,
      );
    this.ids = new RawIds(this.options.clock, this.note.mark);
  }

  /** Finds out what a killed run has left. */
  private async recover(stored: StoredJob | undefined): Promise<void> {
    const { intent, length } = this.note;
    if (!intent) return;
    const counts = isStored(intent, stored, (one) => streamKey(one.stream));
    if (counts && intent.isRewrite) await this.file.swap();
    if (!counts) await this.file.dropPrepared();
    const size = (await this.file.size()) ?? 0;
    // More than was going to be there is somebody else's.
    if (!counts && !intent.isRewrite && size > length && size <= intent.length) await this.file.truncate(length);
    await this.write({ ...this.note, length: counts ? intent.length : length, intent: undefined });
  }

  private async write(note: FileNote): Promise<void> {
    this.version = await this.place.replace(NOTE, JSON.stringify(note), this.version);
    this.note = note;
  }
}

function ofGeneration(stream: StreamPlan['stream'], is: (generation: number) => boolean): Removal {
  return { start: lineStart(stream), of: (head) => is(head._airbyte_generation_id) };
}
