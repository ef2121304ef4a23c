import { type JsonObject, type StateMessage, streamKey } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { OpenOptions } from '../destination.js';
import type { Acknowledged } from './acknowledged.js';
import { lastWords } from './ask.js';
import type { Child } from './child.js';
import { exitInWords } from './child.js';
import type { Line } from './lines.js';
import { errorOf, parseMessage } from './message.js';
import { PendingStates, type Returned } from './pending-states.js';

/** A sync that is told to stop takes less than five seconds, the source's part included. */
const STOP_MS = 1_800;
const TERM_MS = 700;
const TELL_MS = 60_000;

/** How a destination's answers are taken. */
export interface PipeRules {
  readonly compareCounts: boolean;
  readonly silentSeconds: number;
  readonly log: OpenOptions['log'];
  readonly redact: (text: string) => string;
}

/** The one ordered way to a destination program: records and states go in, states come back. */
export class DestinationPipe {
  readonly pending = new PendingStates();
  failure: ConnectorError | undefined;
  /** It has read its input to the end and ended without an error. */
  endedWell = false;
  private readonly reported: ConnectorError[] = [];
  private readonly listening: Promise<void>;
  private drained: Promise<void> | undefined;
  private wake: () => void = () => undefined;
  private readonly watch: NodeJS.Timeout;
  private lastSign = performance.now();
  private lastTold = performance.now();
  private isEnding = false;

  constructor(
    private readonly child: Child,
    private readonly acknowledged: Acknowledged,
    private readonly rules: PipeRules,
  ) {
    child.stdin.on('drain', () => {
      this.lastSign = performance.now();
      this.wake();
    });
    this.listening = this.listen();
    const every = Math.max(50, Math.min(5_000, rules.silentSeconds * 250));
    this.watch = setInterval(() => this.lookAfter(), every);
    this.watch.unref();
  }

  /** Writes whole lines. Settles when the destination has room for more. Throws what it has failed with. */
  async send(text: string): Promise<void> {
    if (this.failure) throw this.failure;
    if (this.child.stdin.write(text)) return;
    this.drained ??= new Promise((resolve) => {
      this.wake = () => {
        this.drained = undefined;
        resolve();
      };
    });
    await this.drained;
    if (this.failure) throw this.failure;
  }

  /**
   * The end of its input: it says its last states and ends. `stopped`: it gets seconds, not hours. Afterwards `failure` says
   * what went wrong.
   */
  async finish(stopped: boolean): Promise<void> {
    this.isEnding = true;
    this.lastSign = performance.now();
    this.child.stdin.end();
    if (stopped) {
      const exit = await this.child.exitWithin(STOP_MS);
      if (!exit) await this.child.stop(TERM_MS);
    }
    await this.listening;
    clearInterval(this.watch);
    await this.acknowledged.settled().catch((error) => this.fail(ConnectorError.from(error)));
    if (stopped || this.failure || this.pending.count === 0) return;
    this.fail(
      new ConnectorError(
        'system',
        `${this.child.name} ended well, but ${this.pending.count} states did not come back: what they cover counts as not written.`,
      ),
    );
  }

  /** Ends it at once. */
  async close(): Promise<void> {
    clearInterval(this.watch);
    if (!this.child.hasExited) await this.child.stop(TERM_MS);
    await this.listening;
  }

  private fail(error: ConnectorError): void {
    this.failure ??= error;
    this.wake();
  }

  private async listen(): Promise<void> {
    try {
      for await (const lines of this.child.lines()) {
        this.lastSign = performance.now();
        for (const line of lines) this.take(line);
      }
    } catch (error) {
      // A pipe that was cut; the exit says more.
      this.rules.log('DEBUG', `${this.child.name}: ${String(error)}`);
    }
    // Its output can be closed long before it has written everything.
    const exit = await this.child.exited;
    const error = this.reported[0];
    const { log, redact } = this.rules;
    if (exit.code === 0 && this.isEnding) {
      if (error) this.fail(error);
      else this.endedWell = true;
      return;
    }
    if (this.child.stopping && this.failure === undefined && !error) return;
    const when = this.isEnding ? '' : ' before its input was at its end';
    if (exit.code === 0) log('WARN', `${this.child.name} ended${when}.`);
    const kind = exit.signal === null ? 'system' : 'transient';
    const text = `${this.child.name} ${exitInWords(exit)}${when}.${lastWords(this.child)}`;
    this.fail(error ?? new ConnectorError(kind, redact(text)));
  }

  private take(line: Line): void {
    const message = parseMessage(line);
    const { log, redact } = this.rules;
    if (message?.type === 'STATE') this.returned(message.state);
    else if (message?.type === 'TRACE' && message.trace.type === 'ERROR') this.reported.push(errorOf(message.trace));
    else if (message?.type === 'LOG') {
      const { level, message: text } = message.log;
      const isLoud = level === 'FATAL' || level === 'ERROR' || level === 'WARN';
      log(isLoud ? 'WARN' : level === 'INFO' ? 'INFO' : 'DEBUG', redact(String(text)));
    } else if (message?.type === 'unparsable') log('DEBUG', redact(`${this.child.name}: ${line.text.slice(0, 500)}`));
  }

  private returned(state: StateMessage['state']): void {
    const { parts, shared } = contentOf(state);
    const returned = this.pending.take((state as { id?: unknown }).id, parts, shared);
    if (!returned) {
      this.rules.log('WARN', `${this.child.name} returned a state that was not sent or has come back before.`);
      return;
    }
    if (this.failure) return;
    const wrong = this.rules.compareCounts ? miscounted(state, returned, this.child.name) : undefined;
    if (wrong) this.fail(wrong);
    else for (const one of returned.states) this.acknowledged.take(one);
  }

  /** A destination that neither takes nor says anything while there is something to do. */
  private lookAfter(): void {
    const now = performance.now();
    if (!this.drained && !this.isEnding) this.lastSign = now;
    if (this.isEnding && now - this.lastTold > TELL_MS) {
      this.lastTold = now;
      this.rules.log('INFO', `Waiting for ${this.child.name} to write the rest (${this.pending.count} states open).`);
    }
    if (now - this.lastSign < this.rules.silentSeconds * 1_000 || this.child.stopping) return;
    this.fail(
      new ConnectorError(
        'transient',
        `${this.child.name} has neither taken nor said anything for ${this.rules.silentSeconds} seconds and was ended. A destination that is busy for longer needs a greater silent_seconds.`,
      ),
    );
    void this.child.stop(TERM_MS);
  }
}

function contentOf(state: StateMessage['state']): {
  parts: { stream: string; state: JsonObject }[];
  shared?: JsonObject;
} {
  if (state.type === 'GLOBAL') {
    const parts = (state.global.stream_states ?? []).map(({ stream_descriptor: stream, stream_state: own }) => ({
      stream: streamKey(stream),
      state: own ?? {},
    }));
    return { parts, shared: state.global.shared_state ?? undefined };
  }
  if (!state.stream) return { parts: [] };
  const { stream_descriptor: stream, stream_state: own } = state.stream;
  return { parts: [{ stream: streamKey(stream), state: own ?? {} }] };
}

/** A destination that counts says how many records it wrote or rejected for a state. */
function miscounted(
  state: StateMessage['state'],
  { states, records, last }: Returned,
  name: string,
): ConnectorError | undefined {
  const stats = state.destinationStats as
    | { recordCount?: number | null; rejectedRecordCount?: number | null }
    | undefined;
  const written = stats?.recordCount;
  if (written === undefined || written === null) return undefined;
  const taken = Number(written) + Number(stats?.rejectedRecordCount ?? 0);
  if (taken === records || taken === last) return undefined;
  const stream = states.at(-1)?.parts.length === 1 ? states.at(-1)!.parts[0]!.stream.split('\u0000').at(-1) : undefined;
  return new ConnectorError(
    'system',
    `dropped records: ${records} records were sent to ${name} for this state, and it counts ${taken}. The state is not kept; set 'record_counts: ignore' if this destination is known to miscount.`,
    { stream },
  );
}
