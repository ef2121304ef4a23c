import { type ConfiguredCatalog, type JsonObject, streamKey } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { BookStore, Books } from '../books.js';
import type {
  AttemptSummary,
  Destination,
  Job,
  JobOutcome,
  OpenOptions,
  ResetOrder,
  Session,
  Settlement,
  StoredAttempt,
  StoredJob,
  StreamPlan,
  Writer,
} from '../destination.js';
import { Acknowledged } from './acknowledged.js';
import { ask } from './ask.js';
import { Child } from './child.js';
import { DestinationPipe } from './destination-pipe.js';
import { ProcessWriter } from './process-writer.js';
import { launch, type Program, programName } from './program.js';
import { plain } from './read-program.js';
import { SecretFiles } from './secret-files.js';
import { redactorOf } from './secret-values.js';

const SILENT_SECONDS = 3_600;

/** A destination that is a program, with its configuration. */
export interface ProcessDestinationSettings extends Program {
  readonly config?: JsonObject;
  /** Whether the counts in the states that it returns are compared with what was sent. Default: `compare`. */
  readonly record_counts?: 'compare' | 'ignore';
  /** It is ended when it neither takes nor says anything for so long. Default: 3600. */
  readonly silent_seconds?: number;
}

/**
 * Any destination of the Airbyte protocol as a destination of ours. It only acknowledges: a state is in the books when it has
 * come back, so that every row arrives at least once; rows after the last state come again when a run is broken off.
 */
export function processDestination(settings: ProcessDestinationSettings, store: BookStore): Destination {
  const name = settings.docker === undefined ? `command:${programName(settings)}` : programName(settings);
  return {
    name,
    watchesItself: true,
    async open(options) {
      return new ProcessSession(settings, await store.open(options), options);
    },
  };
}

class ProcessSession implements Session {
  private readonly redact: (text: string) => string;
  private plans: readonly StreamPlan[] = [];
  /** Rows of the last complete generation, by stream. */
  private rowsBefore = new Map<string, number>();
  private pipe: Promise<DestinationPipe> | undefined;
  private files: SecretFiles | undefined;
  private readonly acknowledged: Acknowledged;
  private readonly finished = new Set<string>();
  private failBooks: (error: unknown) => void = () => undefined;

  constructor(
    private readonly settings: ProcessDestinationSettings,
    private readonly books: Books,
    private readonly options: OpenOptions,
  ) {
    this.redact = redactorOf(settings.config ?? {});
    this.acknowledged = new Acknowledged(books, (error) => this.failBooks(error));
  }

  async load(connection: string): Promise<StoredJob | undefined> {
    const stored = await this.books.load(connection);
    this.rowsBefore = new Map(stored?.streams.map(({ stream, rows }) => [streamKey(stream), rows]));
    return stored;
  }

  history(connection: string, limit: number): Promise<StoredAttempt[]> {
    return this.books.history(connection, limit);
  }

  async begin(job: Job, plans: readonly StreamPlan[]): Promise<void> {
    // Once a job: it can take a minute, and a destination that cannot be reached fails the first attempt like any other.
    if (job.attempt === 1 && plans.length > 0) await this.check();
    this.plans = plans;
    await this.books.begin(job, plans);
  }

  async writer(plans: readonly StreamPlan[]): Promise<Writer> {
    this.pipe ??= this.start();
    return new ProcessWriter(plans, await this.pipe, {
      finished: (plan) => this.finished.add(plan.key),
      mayBeEmpty: (plan) => this.mayBeEmpty(plan),
      warn: (message) => this.options.log('WARN', message),
      clock: this.options.clock,
    });
  }

  /** Only the rows can go that the destination replaces: the next job does that. */
  async reset(connection: string, orders: readonly ResetOrder[], shared?: JsonObject | null): Promise<void> {
    const possible = orders.map((order): ResetOrder => {
      if (order.what !== 'clear') return order;
      this.options.log(
        'WARN',
        `Stream ${order.stream.name}: its state is dropped now; its rows go when the next sync has replaced them.`,
      );
      return { stream: order.stream, what: 'truncate' };
    });
    await this.books.reset(connection, possible, shared);
  }

  async settle(stopped: boolean): Promise<Settlement> {
    const pipe = await this.pipe?.catch(() => undefined);
    if (!pipe) return { streams: this.acknowledged.settlement() };
    await pipe.finish(stopped);
    if (!pipe.failure && pipe.endedWell) {
      const complete = [...this.finished].filter((stream) => !pipe.pending.has(stream));
      await this.acknowledged.complete(complete);
    }
    return { streams: this.acknowledged.settlement(), error: pipe.failure };
  }

  end(job: Job, outcome: JobOutcome, summary: AttemptSummary): Promise<void> {
    return this.books.end(job, outcome, summary);
  }

  async close(): Promise<void> {
    const pipe = await this.pipe?.catch(() => undefined);
    await pipe?.close();
    await this.acknowledged.settled().catch(() => undefined);
    await this.files?.remove();
    await this.books.close();
  }

  private async check(): Promise<void> {
    const { redact } = this;
    const log = (level: string, message: string) => this.options.log('DEBUG', redact(`${level} ${message}`));
    const { config = {} } = this.settings;
    const context = { log, redact, signal: this.options.signal };
    const { connectionStatus } = await ask(this.settings, 'check', 'CONNECTION_STATUS', config, context);
    if (connectionStatus.status === 'SUCCEEDED') return;
    const why = connectionStatus.message ?? 'it does not say why';
    throw new ConnectorError('config', redact(`The check of ${programName(this.settings)} failed: ${why}`));
  }

  private async start(): Promise<DestinationPipe> {
    const { settings, redact, options } = this;
    this.files = await SecretFiles.write(settings, { config: settings.config ?? {}, catalog: catalogOf(this.plans) });
    const child = await Child.start(launch(settings, 'write', this.files), (line) =>
      options.log('DEBUG', redact(line)),
    );
    const pipe = new DestinationPipe(child, this.acknowledged, {
      compareCounts: settings.record_counts !== 'ignore',
      silentSeconds: settings.silent_seconds ?? SILENT_SECONDS,
      log: options.log,
      redact,
    });
    this.failBooks = (error) => {
      pipe.failure ??= ConnectorError.from(error);
    };
    return pipe;
  }

  private async mayBeEmpty(plan: StreamPlan): Promise<void> {
    const rows = this.rowsBefore.get(plan.key) ?? 0;
    if (plan.minimumGeneration === 0 || plan.replaceWithEmpty || rows === 0) return;
    // Kept in the books, so that the next attempt knows it too.
    await this.books.store([{ stream: plan.key, state: {}, rows }]);
    throw new ConnectorError(
      'config',
      `The stream '${plan.stream.name}' gave no record, and ${rows} rows would be replaced by nothing. Set allow_empty for it if that is right.`,
      { stream: plan.stream.name },
    );
  }
}

/** The catalog that the destination is given. */
function catalogOf(plans: readonly StreamPlan[]): ConfiguredCatalog {
  return plain({
    streams: plans.map((plan) => ({
      stream: {
        name: plan.stream.name,
        ...(plan.stream.namespace ? { namespace: plan.stream.namespace } : {}),
        json_schema: plan.schema,
        supported_sync_modes: [plan.syncMode],
        source_defined_primary_key: plan.primaryKey.map((path) => [...path]),
      },
      sync_mode: plan.syncMode,
      destination_sync_mode: plan.destinationSyncMode,
      cursor_field: [...plan.cursorField],
      primary_key: plan.primaryKey.map((path) => [...path]),
      generation_id: plan.generation,
      minimum_generation_id: plan.minimumGeneration,
      sync_id: plan.syncId,
    })),
  });
}
