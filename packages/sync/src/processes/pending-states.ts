import { canonical, type JsonObject, stringify } from '@tidemark/protocol';

/** More than this does not wait for its return: states between the last one and the end are left out then. */
const STATES_MAX = 1_000;
const BYTES_MAX = 16 << 20;

/** One stream's part of a state that was sent. */
export interface SentState {
  readonly stream: string;
  readonly state: JsonObject;
  /** For the books: rows since the stream's last state that was sent. */
  readonly rows: number;
}

/** A state on its way through the destination. */
export interface PendingState {
  readonly id: number;
  /** Says whose states come back in order: a stream's key, or that they are of all streams. */
  readonly lane: string;
  readonly parts: readonly SentState[];
  readonly shared?: JsonObject;
  /** Records that were sent between the state before it and this one. */
  readonly records: number;
  readonly content: string;
}

/** What came back: the newest state that is acknowledged with all that it covers. */
export interface Returned {
  readonly states: readonly PendingState[];
  /** Records that all of them cover together, and the last of them alone. */
  readonly records: number;
  readonly last: number;
}

/** The states that were sent and have not come back. Their memory is bounded: see `isFull`. */
export class PendingStates {
  private readonly pending: PendingState[] = [];
  private bytes = 0;
  private nextId = 1;

  /** No more states are to be sent before some have come back, save the last ones. */
  get isFull(): boolean {
    return this.pending.length >= STATES_MAX || this.bytes >= BYTES_MAX;
  }

  get count(): number {
    return this.pending.length;
  }

  add(state: Omit<PendingState, 'id' | 'content'>): PendingState {
    const content = contentOf(state.parts, state.shared);
    const kept = { ...state, id: this.nextId++, content };
    this.pending.push(kept);
    this.bytes += content.length;
    return kept;
  }

  has(stream: string): boolean {
    return this.pending.some(({ parts }) => parts.some((part) => part.stream === stream));
  }

  /**
   * A state has come back: by its id, or, where the destination does not keep unknown fields, by what it says. States of the
   * same stream that were sent before it count as returned too. Undefined for a state that nobody sent.
   */
  take(
    id: unknown,
    parts: readonly { stream: string; state: JsonObject }[],
    shared?: JsonObject,
  ): Returned | undefined {
    const known = this.pending.find((one) => one.id === Number(id ?? Number.NaN));
    const content = known ? '' : contentOf(parts, shared);
    const found = known ?? this.pending.find((one) => one.content === content);
    if (!found) return undefined;
    const states: PendingState[] = [];
    for (let index = 0; index < this.pending.length; ) {
      const one = this.pending[index]!;
      if (one.id > found.id) break;
      if (one.lane === found.lane) {
        states.push(one);
        this.pending.splice(index, 1);
        this.bytes -= one.content.length;
      } else index++;
    }
    return { states, records: states.reduce((sum, { records }) => sum + records, 0), last: found.records };
  }
}

/** Numbers may be written differently by another JSON library: they are compared by value. */
function contentOf(parts: readonly { stream: string; state: JsonObject }[], shared: JsonObject | undefined): string {
  const states = parts.map(({ stream, state }) => [stream, state] as const).sort(([a], [b]) => (a < b ? -1 : 1));
  return canonical(JSON.parse(stringify({ states, shared: shared ?? null })));
}
