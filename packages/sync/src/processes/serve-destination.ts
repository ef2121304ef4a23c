import {
  type ConfiguredCatalog,
  type JsonObject,
  type LogLevel,
  type Message,
  type StateMessage,
  streamKey,
  stringify,
} from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { Destination, Job, Session } from '../destination.js';
import { linesOf } from './lines.js';
import { parseMessage } from './message.js';
import { servedJob, servedPlans } from './served-plan.js';
import { ServedStream } from './served-stream.js';

const TICK_MS = 250;

/** A destination of ours that answers as one of the Airbyte protocol. */
export interface ServeSettings {
  destination: Destination;
  catalog: ConfiguredCatalog;
  input: AsyncIterable<Buffer>;
  /** Writes one line; a promise means that its reader is behind. */
  output: (line: string) => void | Promise<void>;
  /** Names the books in the destination: clients that write different streams to one place can share it. */
  connection: string;
  log: (level: LogLevel, message: string) => void;
  clock: () => number;
  /** Aborted: what a state covers is committed and returned, then it ends. */
  signal: AbortSignal;
}

/**
 * Takes records and states from the input until its end. A state is returned when the rows that it covers are durable, with
 * how many they were. Gives the names of streams that replace their table and were not complete: the old rows stay.
 * Throws ConnectorError; what was committed by then stays.
 */
export async function serveDestination(settings: ServeSettings): Promise<string[]> {
  const { destination, connection, log, clock } = settings;
  const options = { clock, connection, log: (level: LogLevel, message: string) => log(level, message) };
  const session = await destination.open(options);
  try {
    const stored = await session.load(connection);
    const job = servedJob(stored, connection);
    const plans = servedPlans(settings.catalog, stored, job);
    await session.begin(job, plans);
    const serving = new Serving(session, job, settings, plans);
    return await serving.run();
  } finally {
    await session.close();
  }
}

class Serving {
  private readonly streams: Map<string, ServedStream>;
  private queue: Promise<void> = Promise.resolve();
  private failure: unknown;
  private readonly returned: string[] = [];
  /** A client that numbers its states is a runner: after a failure it goes on from the last one that came back. */
  private clientResumes = false;

  constructor(
    private readonly session: Session,
    private readonly job: Job,
    private readonly settings: ServeSettings,
    plans: ReturnType<typeof servedPlans>,
  ) {
    const { clock } = settings;
    this.streams = new Map(
      plans.map((plan) => [plan.key, new ServedStream(plan, () => session.writer([plan]), clock)] as const),
    );
  }

  async run(): Promise<string[]> {
    const timer = setInterval(
      () => void this.step(() => this.each((stream) => stream.tick())).catch(() => undefined),
      TICK_MS,
    );
    try {
      await this.listen();
      await this.step(() => this.each((stream) => stream.end(this.clientResumes)));
    } catch (error) {
      this.failure ??= error;
      await this.queue;
      throw error;
    } finally {
      clearInterval(timer);
      for (const stream of this.streams.values()) await stream.close();
      await this.say();
      await this.ended();
    }
    const open = [...this.streams.values()].filter((stream) => !stream.isComplete && stream.plan.minimumGeneration > 0);
    return open.map(({ plan }) => plan.stream.name);
  }

  private async listen(): Promise<void> {
    const { signal, input } = this.settings;
    const stopped = new Promise<'stopped'>((resolve) => {
      if (signal.aborted) resolve('stopped');
      signal.addEventListener('abort', () => resolve('stopped'), { once: true });
    });
    const lines = linesOf(input);
    for (;;) {
      const next = await Promise.race([lines.next(), stopped]);
      if (next === 'stopped' || next.done) return;
      await this.step(async () => {
        for (const line of next.value) {
          const message = parseMessage(line);
          if (message?.type === 'unparsable')
            throw new ConnectorError(
              'system',
              `A line of standard input is no message of the protocol (${message.why}): ${line.text.slice(0, 200)}`,
            );
          const done = message && this.take(message, line.bytes);
          if (done) await done;
        }
      });
      await this.say();
    }
  }

  /** One thing at a time: the clock must not come between two halves of a commit. */
  private step(work: () => Promise<void>): Promise<void> {
    const done = this.queue.then(async () => {
      if (this.failure !== undefined) throw this.failure;
      try {
        await work();
      } catch (error) {
        this.failure = error;
        throw error;
      }
    });
    this.queue = done.catch(() => undefined);
    return done.then(() => this.say());
  }

  private take(message: Message, bytes: number): void | Promise<void> {
    if (message.type === 'RECORD') {
      const { stream: name, namespace } = message.record;
      return this.stream({ name, namespace }).record(message.record, bytes);
    }
    if (message.type === 'STATE') return this.state(message);
    if (message.type === 'TRACE' && message.trace.type === 'STREAM_STATUS') {
      const { status, stream_descriptor: stream } = message.trace.stream_status;
      if (status === 'COMPLETE') return this.stream(stream).complete();
    }
  }

  private async state(message: StateMessage): Promise<void> {
    const { state } = message;
    if ((state as { id?: unknown }).id !== undefined) this.clientResumes = true;
    if (state.type === 'STREAM' && state.stream) {
      const { stream_descriptor: stream, stream_state: content } = state.stream;
      await this.stream(stream).cover(content ?? {}, (records) => this.echo(message, records));
    } else if (state.type === 'GLOBAL') await this.globalState(message, state.global.shared_state ?? undefined);
    else
      throw new ConnectorError('config', 'A state of the old form (LEGACY) came: it names no stream that it covers.');
  }

  /** It covers all streams, so all are committed before it is returned. */
  private async globalState(message: StateMessage, shared: JsonObject | undefined): Promise<void> {
    const { state } = message;
    const own = new Map(
      state.type === 'GLOBAL'
        ? (state.global.stream_states ?? []).map(
            (one) => [streamKey(one.stream_descriptor), one.stream_state ?? {}] as const,
          )
        : [],
    );
    let records = 0;
    for (const [key, stream] of this.streams) {
      if (stream.isComplete) continue;
      const count = (some: number) => {
        records += some;
      };
      await stream.cover(own.get(key) ?? {}, count, shared);
    }
    await this.each((stream) => stream.commit());
    this.echo(message, records);
  }

  private echo({ state }: StateMessage, records: number): void {
    const stats = { ...state.destinationStats, recordCount: records };
    this.returned.push(stringify({ type: 'STATE', state: { ...state, destinationStats: stats } }));
  }

  private async say(): Promise<void> {
    for (let line = this.returned.shift(); line !== undefined; line = this.returned.shift()) {
      const waits = this.settings.output(line);
      if (waits) await waits;
    }
  }

  private async each(work: (stream: ServedStream) => Promise<void>): Promise<void> {
    for (const stream of this.streams.values()) await work(stream);
  }

  private stream(descriptor: { name: string; namespace?: string | null }): ServedStream {
    const stream = this.streams.get(streamKey(descriptor));
    if (stream) return stream;
    throw new ConnectorError('config', `The stream '${descriptor.name}' is not in the catalog.`);
  }

  private async ended(): Promise<void> {
    const all = [...this.streams.values()];
    const isComplete = all.every((stream) => stream.isComplete);
    const rows = all.reduce((sum, stream) => sum + stream.records, 0);
    const outcome = this.failure !== undefined ? 'failed' : isComplete ? 'complete' : 'partial';
    const error = this.failure === undefined ? undefined : ConnectorError.from(this.failure).message;
    await this.session.end(this.job, outcome, { rows, progressed: rows > 0, error }).catch(() => undefined);
  }
}
