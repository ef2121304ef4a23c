import type { JsonObject } from '@tidemark/protocol';
import { streamKey } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import type { Batch, Destination, Job, Session, StreamPlan, Writer } from '../destination.js';

/** A row as somebody reads it who knows nothing of Tidemark: every value as text, or null. */
export type ReadRow = Record<string, string | null>;

/** What the suite needs to know of a destination. */
export interface DestinationHarness {
  /** A new, empty place: a file, a schema, a folder. */
  place(): Promise<string>;
  /** The destination at that place. Called anew for each sync. */
  destination(place: string): Destination;
  /** The rows of a stream's table, in the order of their `_airbyte_raw_id`; undefined when there is no table. */
  read(place: string, stream: string): Promise<ReadRow[] | undefined>;
}

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
  async open(connection = 'suite'): Promise<{ session: Session; stored: Awaited<ReturnType<Session['load']>> }> {
    const session = await this.harness.destination(this.place).open({
      clock: () => this.clock++,
      log: (_level, message) => this.logs.push(message),
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
  return { rows: records.length, pages: [{ unit, records, extractedAt }] };
}

export function things(...ids: number[]): RecordData[] {
  return ids.map((id) => ({ id, name: `thing ${id}` }));
}

export function stateOf(plan: StreamPlan, state: JsonObject, rows = 0) {
  return { stream: plan.key, state, rows };
}

/** What the rows hold in one column. */
export function column(rows: ReadRow[], name: string): (string | null)[] {
  return rows.map((row) => row[name] ?? null);
}
