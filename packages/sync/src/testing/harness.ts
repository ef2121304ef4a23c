import type { JsonObject } from '@tidemark/protocol';
import { canonical, parseJson, streamKey } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { it } from 'vitest';
import type {
  Batch,
  Destination,
  Job,
  OpenOptions,
  ResetOrder,
  Session,
  StoredJob,
  StreamPlan,
  Writer,
} from '../destination.js';
import { hashesOf } from '../tally.js';

/** A row as somebody reads it who knows nothing of Tidemark: every value as text, or null. */
export type ReadRow = Record<string, string | null>;

/** What the suite needs to know of a destination. */
export interface DestinationHarness {
  /** A new, empty place: a file, a schema, a folder. */
  place(): Promise<string>;
  /** The destination at that place. Called anew for each sync. */
  destination(place: string): Destination;
  /**
   * The rows of a stream's table, in the order of their `_airbyte_raw_id`; undefined when there is no table. Truths may read
   * as `true`, `t` or `1`, JSON may have blanks and its keys in another order.
   */
  read(place: string, stream: string): Promise<ReadRow[] | undefined>;
  /** What the destination cannot, each with the reason: the tests of it are skipped, and their names say why. */
  cannot?: Partial<Record<Ability, string>>;
  /** Its texts cannot hold the character 0: it becomes U+FFFD, with an entry in `changes`. */
  withoutZero?: boolean;
  /** Its days and moments reach before Christ, to `infinity` and to `-infinity`. */
  hasEnds?: boolean;
  /** Takes the stream's table away, as somebody does who knows nothing of Tidemark. Absent where the books go with the rows. */
  drop?(place: string, stream: string): Promise<void>;
  /** Where connections are leased one by one: makes the lease look as if its holder had said nothing for too long. */
  expireLease?(place: string, connection: string): Promise<void>;
}

/** What not every place of rows can do. `hide`: keep rows from readers until their stream is complete. */
export type Ability =
  | 'overwrite'
  | 'hide'
  | 'deduplicate'
  | 'restart'
  | 'types'
  | 'retype'
  | 'look while it is written';

/** The name of a test of something that the destination may not be able to, and whether it is left out. */
export function needs(harness: DestinationHarness, ability: Ability): { skip: boolean; why: string } {
  const why = harness.cannot?.[ability];
  return { skip: why !== undefined, why: why === undefined ? '' : ` (skipped: ${why})` };
}

/** A test of something that the destination may not be able to. */
export function itNeeds(harness: DestinationHarness, ability: Ability, name: string, test: () => Promise<void>): void {
  const { skip, why } = needs(harness, ability);
  it.skipIf(skip)(`${name}${why}`, test);
}

/** Tidemark's own columns. */
export const OWN: ReadonlySet<string> = new Set([
  '_airbyte_raw_id',
  '_airbyte_extracted_at',
  '_airbyte_meta',
  '_airbyte_generation_id',
]);

export const text: JsonObject = { type: ['null', 'string'] };
export const integer: JsonObject = { type: ['null', 'integer'] };

/** One place, with the jobs that run there. */
export class Bench {
  clock = 1_700_000_000_000;
  readonly logs: string[] = [];

  private constructor(
    readonly harness: DestinationHarness,
    readonly place: string,
  ) {}

  static async at(harness: DestinationHarness): Promise<Bench> {
    return new Bench(harness, await harness.place());
  }

  /** Opens the place and loads the books, as a sync does. */
  async open(
    connection = 'suite',
    more: Partial<OpenOptions> = {},
  ): Promise<{ session: Session; stored: Awaited<ReturnType<Session['load']>> }> {
    const session = await this.harness.destination(this.place).open({
      clock: () => this.clock++,
      connection,
      log: (_level, message) => this.logs.push(message),
      ...more,
    });
    return { session, stored: await session.load(connection) };
  }

  /** One attempt over some streams: begin, work with a writer for each, close without an end unless `work` made one. */
  async attempt(job: Job, plans: StreamPlan[], work: (...writers: Writer[]) => Promise<void>): Promise<void> {
    const { session } = await this.open(job.connection);
    try {
      await session.begin(job, plans);
      const writers: Writer[] = [];
      for (const plan of plans) writers.push(await session.writer([plan]));
      try {
        await work(...writers);
      } finally {
        for (const writer of writers) await writer.close();
      }
    } finally {
      await session.close();
    }
  }

  /** What the books have of the connection, read by a session of its own. */
  async stored(connection = 'suite'): Promise<StoredJob> {
    const { session, stored } = await this.open(connection);
    await session.close();
    if (!stored) throw new Error(`the books know nothing of ${connection}`);
    return stored;
  }

  /** Orders about streams, by a session of its own. */
  async reset(orders: readonly ResetOrder[], shared?: JsonObject | null): Promise<void> {
    const { session } = await this.open();
    await session.reset('suite', orders, shared);
    await session.close();
  }

  /** Reads a stream's table; an empty list when there is none. */
  async rows(stream: string): Promise<ReadRow[]> {
    return (await this.harness.read(this.place, stream)) ?? [];
  }
}

export function jobOf(id: number, attempt = 1): Job {
  return { connection: 'suite', id, nonce: `nonce-${id}`, attempt, fingerprint: 'f' };
}

/** A plan for the stream `things`, full refresh with overwrite unless said otherwise. */
export function planOf(job: Job, more: Partial<StreamPlan> = {}): StreamPlan {
  const stream = more.stream ?? { name: 'things' };
  const generation = more.generation ?? job.id;
  const overwrites = (more.destinationSyncMode ?? 'overwrite').startsWith('overwrite');
  return {
    key: streamKey(stream),
    stream,
    schema: schemaOf({ id: { type: 'integer' }, name: { type: ['null', 'string'] } }),
    syncMode: 'full_refresh',
    destinationSyncMode: 'overwrite',
    primaryKey: [],
    cursorField: [],
    generation,
    minimumGeneration: overwrites ? generation : 0,
    syncId: job.id,
    begin: 'anew',
    rowsBefore: 0,
    resumed: false,
    openSince: job.id,
    ...more,
  };
}

export function schemaOf(properties: Record<string, JsonObject>): JsonObject {
  return { type: 'object', properties };
}

/** A batch of one page. */
export function batch(records: RecordData[], unit = 'u', extractedAt = 1_700_000_000_000): Batch {
  return { rows: records.length, pages: [{ unit, records, extractedAt, hashes: hashesOf(records) }] };
}

export function things(...ids: number[]): RecordData[] {
  return ids.map((id) => ({ id, name: `thing ${id}` }));
}

export function stateOf(plan: StreamPlan, state: JsonObject, rows = 0) {
  return { stream: plan.key, state, rows };
}

/** A JSON text without blanks, its keys in order. */
export function json(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : canonical(parseJson(text));
}

/** A truth, however it is written. */
export function truth(text: string | null | undefined): boolean | null {
  return text === null || text === undefined ? null : ['true', 't', '1'].includes(text);
}

/** What the rows hold in one column. */
export function column(rows: ReadRow[], name: string): (string | null)[] {
  return rows.map((row) => row[name] ?? null);
}
