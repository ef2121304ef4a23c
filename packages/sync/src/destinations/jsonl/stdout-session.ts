import { type JsonObject, streamKey } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { Books } from '../../books.js';
import type { Batch, OpenOptions, Session, StreamPlan, StreamState, Writer } from '../../destination.js';
import { RawIds } from '../sql/raw-id.js';
import { warnOfDedup, writeLines } from './lines.js';

/**
 * Lines to a stream that takes nothing back, standard output. A state is stored when the system has taken the lines that it
 * covers: what a kill interrupts comes again, so that nothing is lost and some lines may be there twice.
 */
export function stdoutSession(out: NodeJS.WritableStream, books: Books, options: OpenOptions): Session {
  const ids = new RawIds(options.clock);
  const output = new Output(out);
  return {
    load: (connection) => books.load(connection),
    history: (connection, limit) => books.history(connection, limit),
    begin(job, plans) {
      warnOfDedup(plans, options.log);
      return books.begin(job, plans);
    },
    reset: (connection, orders, shared) => books.reset(connection, orders, shared),
    end: (job, outcome, summary) => books.end(job, outcome, summary),
    writer: async (plans) => new StdoutWriter(output, books, options, ids, plans),
    async close() {
      output.close();
      await books.close();
    },
  };
}

/** Writes with back-pressure; a reader that has gone is an error of whatever is written next. */
class Output {
  private failure: Error | undefined;
  private readonly onError = (error: Error): void => {
    this.failure ??= error;
  };

  constructor(private readonly out: NodeJS.WritableStream) {
    out.on('error', this.onError);
  }

  /** Resolves when the system has taken the text. */
  async write(text: string): Promise<void> {
    const error = this.failure ?? (await new Promise<Error | null | undefined>((done) => this.out.write(text, done)));
    if (!error) return;
    throw new ConnectorError(
      'system',
      `Standard output takes no more lines (${(error as NodeJS.ErrnoException).code ?? error.message}): the program that read them has ended.`,
      { cause: error },
    );
  }

  close(): void {
    this.out.off('error', this.onError);
  }
}

class StdoutWriter implements Writer {
  private readonly plans: ReadonlyMap<string, StreamPlan>;

  constructor(
    private readonly output: Output,
    private readonly books: Books,
    private readonly options: OpenOptions,
    private readonly ids: RawIds,
    plans: readonly StreamPlan[],
  ) {
    this.plans = new Map(plans.map((plan) => [streamKey(plan.stream), plan]));
  }

  async write(stream: string, batch: Batch) {
    const tally = await writeLines(batch, this.plans.get(stream)!, this.ids, (text) => this.output.write(text));
    return { changed: 0, tally };
  }

  async restart(stream: string, unit: string): Promise<number> {
    const name = this.plans.get(stream)!.stream.name;
    const of = unit === '' ? '' : ` of unit ${unit}`;
    this.options.log('WARN', `Stream ${name}: lines${of} come again; those that were written cannot be taken back.`);
    return 0;
  }

  commit(states: readonly StreamState[], shared?: JsonObject): Promise<void> {
    return this.books.store(states, { shared });
  }

  finish(state: StreamState, shared?: JsonObject): Promise<void> {
    return this.books.store([state], { shared, complete: true });
  }

  async rollback(): Promise<void> {
    // What was written stays written: it comes again.
  }

  async close(): Promise<void> {
    // Every write has been waited for.
  }
}
