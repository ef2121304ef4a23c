import type { Json, JsonObject } from '@tidemark/protocol';
import {
  isComplete,
  NO_CURSOR_KEY,
  type OpenStream,
  OWN_KEY,
  type Page,
  POSITION_KEY,
  type Unit,
} from '@tidemark/source';
import type { BuildContext } from '../../component/index.js';
import type { DeclarativeStream } from '../streams/slot.js';
import type { ParentStream, Partition } from './slot.js';

interface OpenParent {
  readonly config: ParentStream;
  readonly stream: DeclarativeStream;
  readonly open: OpenStream;
  isDone: boolean;
}

/**
 * One reading of the parents for one read of their substream: a page at a time, and the next page only when the partitions
 * of this one are taken. The parents' states move on with the last partition of each page.
 */
export class ParentReading {
  private opened: OpenParent[] | undefined;
  /** The parents' states after the pages whose partitions were all handed out. Replaced, never changed. */
  private reached: JsonObject | undefined;

  constructor(
    private readonly parents: readonly ParentStream[],
    private readonly before: JsonObject | undefined,
    private readonly context: BuildContext,
  ) {}

  async *partitions(signal: AbortSignal): AsyncIterable<Partition> {
    this.opened = await Promise.all(this.parents.map((config) => this.open(config)));
    this.moveOn();
    for (const parent of this.opened) {
      for await (const unit of parent.open.cursor.plan(signal)) {
        yield* this.readUnit(parent, unit, signal);
        if (signal.aborted) return;
      }
      parent.open.cursor.finish();
      parent.isDone = true;
    }
  }

  /** `{ [parent]: state }` of the parents whose state is kept; empty when there are none. */
  state(): JsonObject {
    const states: JsonObject = {};
    for (const { config, stream, open, isDone } of this.opened ?? []) {
      if (!config.keepsState) continue;
      // What is read anew each time has no state to end with.
      states[stream.name] = isDone && !stream.isIncremental ? { [NO_CURSOR_KEY]: true } : open.cursor.state();
    }
    return states;
  }

  /** The parents' states that an older state of the substream stands for: its global one, or its single value. */
  static stateFrom(parents: readonly ParentStream[], state: JsonObject): JsonObject | undefined {
    if (!parents.some((parent) => parent.keepsState)) return undefined;
    const given = state.state;
    if (given !== null && typeof given === 'object' && !Array.isArray(given)) return { [ANY_PARENT]: given };
    const values = Object.entries(state).filter(([key]) => !FOREIGN.has(key));
    const value = values.length === 1 ? values[0]![1] : undefined;
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
      ? { [ANY_PARENT]: value }
      : undefined;
  }

  private async open(config: ParentStream): Promise<OpenParent> {
    const stream = await config.stream();
    const state = config.keepsState ? await this.stateOf(stream) : undefined;
    return { config, stream, open: await stream.open(state), isDone: false };
  }

  private async stateOf(stream: DeclarativeStream): Promise<JsonObject | undefined> {
    const { before } = this;
    if (!before) return undefined;
    let state: Json | undefined = Object.hasOwn(before, stream.name) ? before[stream.name] : before[ANY_PARENT];
    if (typeof state === 'string' || typeof state === 'number' || typeof state === 'bigint') {
      const field = (await stream.describe()).default_cursor_field?.[0];
      state = field === undefined ? undefined : { [field]: state };
    }
    if (state === null || typeof state !== 'object' || Array.isArray(state)) return undefined;
    const object = state as JsonObject;
    // A parent that has no cursor is read whole each time; only an unfinished reading of it is gone on with.
    if (!stream.isIncremental && (isComplete(object) || object[NO_CURSOR_KEY] === true)) return undefined;
    return object;
  }

  private async *readUnit(parent: OpenParent, unit: Unit, signal: AbortSignal): AsyncIterable<Partition> {
    const { cursor } = parent.open;
    const onRestart = (reason: string): void => {
      this.context.log('WARN', `The parent stream ${parent.stream.name} begins a part anew: ${reason}`);
      cursor.restart(unit);
    };
    if (unit.anew !== undefined) onRestart(unit.anew);
    let isClosed = false;
    for await (const page of parent.open.read(unit, { signal, onRestart })) {
      const found = this.partitionsOf(parent, unit, page);
      const last = found.pop();
      for (const partition of found) yield { ...partition, parentState: this.reached };
      cursor.page(unit, page);
      isClosed = page.next === undefined && !page.more;
      if (isClosed) cursor.close(unit);
      this.moveOn();
      if (last) yield { ...last, parentState: this.reached };
      if (signal.aborted) return;
    }
    if (isClosed || signal.aborted) return;
    cursor.close(unit);
    this.moveOn();
  }

  private partitionsOf(parent: OpenParent, unit: Unit, page: Page): Pick<Partition, 'partition' | 'extra'>[] {
    const found = [];
    for (const record of page.records) {
      const partition = parent.config.partition(record, unit);
      if (partition) found.push(partition);
    }
    return found;
  }

  private moveOn(): void {
    if (this.parents.some((parent) => parent.keepsState)) this.reached = this.state();
  }
}

/** Stands for whichever parent has no state of its own. */
const ANY_PARENT = '';
/** Keys of a state that are no cursor value. */
const FOREIGN = new Set([NO_CURSOR_KEY, POSITION_KEY, OWN_KEY]);
