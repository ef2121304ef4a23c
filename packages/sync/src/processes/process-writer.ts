import { canonical, type JsonObject, type StreamDescriptor, stringify } from '@tidemark/protocol';
import { attachedFile, ConnectorError, changesOf } from '@tidemark/source';
import {
  type Batch,
  type StreamPlan,
  type StreamState,
  timeOf,
  type WriteResult,
  type Writer,
} from '../destination.js';
import { count, emptyTally } from '../tally.js';
import { isWhole } from '../whole-stream.js';
import type { DestinationPipe } from './destination-pipe.js';

const PIECE_CHARACTERS = 1 << 16;

interface Target {
  plan: StreamPlan;
  before: string;
  /** Records of this attempt, and those since the last state that was sent. */
  sent: number;
  sinceState: number;
  /** Rows for the books that no state has carried yet. */
  rows: number;
  /** The last that is known: sent in this attempt or by an earlier one. */
  state?: JsonObject;
  isStateSent: boolean;
  isFinished: boolean;
}

/**
 * Writes some streams into the pipe. `commit` and `finish` return when the state is on its way: the destination says later
 * that it has the rows, and `Session.settle` waits for that. Nothing that was sent can be taken back.
 */
export class ProcessWriter implements Writer {
  private readonly targets = new Map<string, Target>();

  constructor(
    plans: readonly StreamPlan[],
    private readonly pipe: DestinationPipe,
    private readonly session: {
      finished(plan: StreamPlan): void;
      /** Throws when an empty stream must not take the place of its rows. */
      mayBeEmpty(plan: StreamPlan): Promise<void>;
      warn(message: string): void;
      clock: () => number;
    },
  ) {
    for (const plan of plans) {
      const { name, namespace } = plan.stream;
      const space = namespace ? `,"namespace":${JSON.stringify(namespace)}` : '';
      const before = `{"type":"RECORD","record":{"stream":${JSON.stringify(name)}${space},"data":`;
      const counts = { sent: 0, sinceState: 0, rows: 0 };
      const { state } = plan;
      this.targets.set(plan.key, { plan, before, state, ...counts, isStateSent: false, isFinished: false });
    }
  }

  async write(stream: string, batch: Batch): Promise<WriteResult> {
    const target = this.target(stream);
    const tally = emptyTally();
    let text = '';
    for (const page of batch.pages) {
      const { records, hashes } = page;
      for (let index = 0; index < records.length; index++) {
        const record = records[index]!;
        const changes = changesOf(record);
        const meta = changes ? `,"meta":${JSON.stringify({ changes })}` : '';
        const file = attachedFile(record);
        const reference = file ? `,"file_reference":${JSON.stringify(file)}` : '';
        text += `${target.before}${stringify(record)},"emitted_at":${timeOf(page, index)}${meta}${reference}}}\n`;
        count(tally, hashes[index]!);
        target.sent++;
        target.sinceState++;
        if (text.length < PIECE_CHARACTERS) continue;
        await this.pipe.send(text);
        text = '';
      }
    }
    if (text !== '') await this.pipe.send(text);
    return { changed: 0, tally };
  }

  async restart(stream: string, unit: string): Promise<number> {
    const { plan, sent } = this.target(stream);
    if (isWhole(plan, unit))
      this.session.warn(
        `Stream ${plan.stream.name}: its table was emptied, and that cannot be told to this destination. Its rows are loaded again; those that are gone stay until the stream is refreshed (tidemark refresh).`,
      );
    const isDoubled = !plan.destinationSyncMode.endsWith('_dedup') && (sent > 0 || plan.rowsBefore > 0);
    if (isDoubled)
      this.session.warn(
        `Stream ${plan.stream.name}: rows that were sent cannot be taken back, so some are there twice.`,
      );
    return 0;
  }

  async commit(states: readonly StreamState[], shared?: JsonObject): Promise<void> {
    this.note(states);
    if (this.pipe.pending.isFull) return;
    await this.sendState(states, shared);
  }

  async finish(state: StreamState, shared?: JsonObject): Promise<void> {
    const target = this.target(state.stream);
    if (target.isFinished) return;
    if (target.sent === 0 && target.plan.rowsBefore === 0) await this.session.mayBeEmpty(target.plan);
    this.note([state]);
    const isNew = !target.isStateSent || canonical(target.state) !== canonical(state.state);
    // Two equal states in a row say nothing new.
    if (isNew || target.sinceState > 0 || target.rows > 0) await this.sendState([state], shared);
    await this.pipe.send(
      `${stringify({
        type: 'TRACE',
        trace: {
          type: 'STREAM_STATUS',
          emitted_at: this.session.clock(),
          stream_status: { stream_descriptor: plain(target.plan.stream), status: 'COMPLETE' },
        },
      })}\n`,
    );
    target.isFinished = true;
    this.session.finished(target.plan);
  }

  /** What is in the pipe stays there; no state will cover it, so it comes again. */
  async rollback(): Promise<void> {}

  async close(): Promise<void> {}

  private note(states: readonly StreamState[]): void {
    for (const { stream, rows } of states) this.target(stream).rows += rows;
  }

  private async sendState(states: readonly StreamState[], shared: JsonObject | undefined): Promise<void> {
    for (const { stream, state } of states) this.target(stream).state = state;
    const isAlone = this.targets.size === 1 && shared === undefined;
    // A GLOBAL state speaks for all of its streams, also for those that had nothing new.
    const targets = isAlone ? states.map(({ stream }) => this.target(stream)) : [...this.targets.values()];
    const parts = targets.flatMap(({ plan, state, rows }) => (state ? [{ stream: plan.key, state, rows }] : []));
    const records = targets.reduce((sum, { sinceState }) => sum + sinceState, 0);
    const lane = isAlone ? targets[0]!.plan.key : '\u0000all';
    const { id } = this.pipe.pending.add({ lane, parts, shared, records });
    for (const target of targets) {
      target.sinceState = 0;
      target.rows = 0;
      if (target.state) target.isStateSent = true;
    }
    const described = targets.flatMap(({ plan, state }) =>
      state ? [{ stream_descriptor: plain(plan.stream), stream_state: state }] : [],
    );
    const body = isAlone
      ? { type: 'STREAM', stream: described[0] }
      : { type: 'GLOBAL', global: { shared_state: shared ?? null, stream_states: described } };
    const state = { ...body, sourceStats: { recordCount: records }, id };
    await this.pipe.send(`${stringify({ type: 'STATE', state })}\n`);
  }

  private target(stream: string): Target {
    const target = this.targets.get(stream);
    if (target) return target;
    throw new ConnectorError('system', `The writer was not made for the stream ${stream}.`);
  }
}

function plain({ name, namespace }: StreamDescriptor): StreamDescriptor {
  return namespace ? { name, namespace } : { name };
}
