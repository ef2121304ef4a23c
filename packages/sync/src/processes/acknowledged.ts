import type { JsonObject } from '@tidemark/protocol';
import type { Books } from '../books.js';
import type { Settlement, StreamState } from '../destination.js';
import type { PendingState } from './pending-states.js';

type Entry = { rows: number; checkpoints: number; complete: boolean; state?: JsonObject };

/** Writes states that came back into the books: one write at a time, with what has come meanwhile in the next. */
export class Acknowledged {
  readonly streams = new Map<string, Entry>();
  private readonly waiting = new Map<string, StreamState>();
  private shared: JsonObject | undefined;
  private writing: Promise<void> | undefined;
  private failure: unknown;

  constructor(
    private readonly books: Books,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  take({ parts, shared }: PendingState): void {
    for (const { stream, state, rows } of parts) {
      const before = this.waiting.get(stream);
      this.waiting.set(stream, { stream, state, rows: (before?.rows ?? 0) + rows });
    }
    if (shared !== undefined) this.shared = shared;
    this.writing ??= this.write();
  }

  /** Everything that came back is in the books. Throws what writing failed with. */
  async settled(): Promise<void> {
    while (this.writing) await this.writing;
    if (this.failure !== undefined) throw this.failure;
  }

  /** The destination has ended well: these streams are complete. */
  async complete(streams: readonly string[]): Promise<void> {
    const states: StreamState[] = [];
    for (const stream of streams) {
      const entry = this.streams.get(stream);
      if (entry?.state) states.push({ stream, state: entry.state, rows: 0 });
    }
    if (states.length === 0) return;
    await this.books.store(states, { complete: true });
    for (const { stream } of states) this.streams.get(stream)!.complete = true;
  }

  settlement(): Settlement['streams'] {
    return this.streams;
  }

  private async write(): Promise<void> {
    // What comes in the same moment goes into the same write.
    await Promise.resolve();
    try {
      while (this.waiting.size > 0) {
        const states = [...this.waiting.values()];
        const { shared } = this;
        this.waiting.clear();
        await this.books.store(states, { shared });
        for (const { stream, state, rows } of states) {
          const entry = this.streams.get(stream) ?? { rows: 0, checkpoints: 0, complete: false };
          entry.rows += rows;
          entry.checkpoints++;
          entry.state = state;
          this.streams.set(stream, entry);
        }
      }
    } catch (error) {
      this.failure = error;
      this.waiting.clear();
      this.onFailure(error);
    } finally {
      this.writing = undefined;
    }
  }
}
