import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError, type Page, type StreamCursor, type Unit, WHOLE_STREAM } from '@tidemark/source';
import type { Chunk, Follow, TableLoad } from '../dialect.js';
import type { DatabaseState, DialectName, Part, Range, Then } from '../state.js';
import { foldedParts, isLoaded, newPart, splitRange, unitOf } from './range-list.js';

/** The unit of whatever follows the load. */
export const FOLLOW_UNIT = 'changes';
/** A table that is rewritten more often than this while it is read is not worth another try in this run. */
const REPLANS_MAX = 6;

/** What a table's cursor is made of. */
export interface TableCursorOptions {
  readonly dialect: DialectName;
  /** `namespace.name`. */
  readonly table: string;
  readonly generation: number | null;
  readonly state: DatabaseState;
  readonly load: TableLoad;
  /** Absent for a full refresh. */
  readonly follow?: Follow;
  readonly warn: (message: string) => void;
}

/** What the reader of a unit is to do. */
export type Work =
  | { kind: 'chunk'; chunk: Chunk; unit: Unit }
  | { kind: 'follow'; mark: Json }
  /** Nothing is read: the unit is only taken back. */
  | { kind: 'revoke' };

interface Planned {
  readonly part: Part;
  readonly range?: Range;
  readonly work: Work;
}

/**
 * The way of going on of one table: first the ranges of its parts, then what follows. It moves only when a page has gone out,
 * so its state never runs ahead of the records. The physical table may be replaced while it is read: the part is planned
 * anew then, under the next epoch, and the rows of the older one are taken back before the load can be complete.
 */
export class TableCursor implements StreamCursor {
  private parts: Part[] = [];
  private then: Then | null = null;
  private phase: DatabaseState['phase'];
  private doneRows = 0;
  private readonly active = new Map<Unit, Planned | undefined>();
  /** Parts whose identity does not hold any more, with the reason. */
  private readonly broken = new Map<Part, string>();
  private replans = 0;
  private wake: () => void = () => undefined;

  constructor(private readonly options: TableCursorOptions) {
    const { state } = options;
    this.phase = state.phase;
    if (state.phase === 'loading') {
      this.parts = foldedParts(state.parts);
      this.then = state.then;
    }
    if (state.phase === 'streaming') this.then = state.then;
    if (state.phase === 'done') this.doneRows = state.rows;
  }

  async *plan(signal: AbortSignal): AsyncIterable<Unit> {
    const { load, follow } = this.options;
    try {
      if (this.phase === 'not_started') await this.begin();
      else if (this.phase === 'loading') await this.goOn();
      if (this.phase === 'loading') yield* this.planLoad(signal);
    } finally {
      await load.close?.();
    }
    if (signal.aborted || !follow || !this.then) return;
    const mayFollow = this.options.state.phase === 'streaming' || follow.atOnce;
    if (!mayFollow) return;
    const unit: Unit = { id: FOLLOW_UNIT, partition: {}, slice: {} };
    this.active.set(unit, undefined);
    yield unit;
  }

  /** What is to be read for a unit of `plan`. */
  workOf(unit: Unit): Work {
    const planned = this.active.get(unit);
    if (planned) return planned.work;
    if (unit.id === FOLLOW_UNIT && this.then) return { kind: 'follow', mark: this.then.mark };
    throw new ConnectorError('system', `The unit '${unit.id}' was not planned.`);
  }

  /** The identity that a unit was read under does not hold any more. */
  partChanged(unit: Unit, reason: string): void {
    const planned = this.active.get(unit);
    if (planned) this.broken.set(planned.part, reason);
  }

  page(unit: Unit, page: Page): void {
    const planned = this.active.get(unit);
    if (!planned) {
      if (unit.id === FOLLOW_UNIT && this.then && page.next !== undefined)
        this.then = { ...this.then, mark: page.next };
      return;
    }
    const { range } = planned;
    if (!range) return;
    range.rows += page.lines?.count ?? page.records.length;
    if (page.next !== undefined && !page.more) range.pos = page.next;
  }

  close(unit: Unit): void {
    const planned = this.active.get(unit);
    this.active.delete(unit);
    if (planned?.work.kind === 'revoke') {
      planned.part.revoked = planned.part.revoked.filter((id) => id !== unit.id);
    } else if (planned?.range && !this.broken.has(planned.part)) {
      planned.range.done = true;
      planned.range.pos = null;
    }
    this.settle();
    this.wake();
  }

  restart(unit: Unit): void {
    const range = this.active.get(unit)?.range;
    if (!range) return;
    range.pos = null;
    range.rows = 0;
  }

  finish(): void {
    this.settle();
  }

  state(): JsonObject {
    const { dialect, table, generation } = this.options;
    const facts = { v: 1 as const, dialect, table, generation };
    let state: DatabaseState;
    if (this.phase === 'streaming' && this.then) state = { ...facts, phase: 'streaming', then: this.then };
    else if (this.phase === 'done') state = { ...facts, phase: 'done', rows: this.doneRows };
    else if (this.phase === 'not_started') state = { ...facts, phase: 'not_started' };
    else state = { ...facts, phase: 'loading', parts: foldedParts(this.parts), then: this.then };
    return state as unknown as JsonObject;
  }

  private async begin(): Promise<void> {
    const { load, follow } = this.options;
    // The mark comes first: what changes between the two is found twice rather than not at all.
    const then = follow ? { kind: follow.kind, mark: await follow.start() } : null;
    this.parts = (await load.begin()).map((part) => newPart(part));
    this.then = then;
    this.phase = 'loading';
    this.settle();
  }

  /** Goes on with an earlier run's load: keeps what still holds, plans anew what does not, adds what is new. */
  private async goOn(): Promise<void> {
    const { load, warn, table } = this.options;
    const kept: Part[] = [];
    for (const part of this.parts) {
      const reason = part.identity.kind === 'whole' ? wholeReason(part) : await load.changed(part);
      if (reason === undefined) kept.push(part);
      else if (reason === 'gone') {
        warn(`${table}: '${part.id}' is gone; what was read of it stays.`);
        if (part.revoked.length > 0) kept.push({ ...part, ranges: [] });
      } else {
        warn(`${table}: ${reason}. It is read anew.`);
        kept.push(newPart(await load.replan(part, reason, 0), part));
      }
    }
    const known = new Set(this.parts.map((part) => part.id));
    for (const planned of await load.begin(known)) if (!known.has(planned.id)) kept.push(newPart(planned));
    this.parts = kept;
    this.settle();
  }

  private async *planLoad(signal: AbortSignal): AsyncGenerator<Unit> {
    // Whatever was sent is taken back before anything is sent again.
    const all = this.parts.find(({ id }) => id === WHOLE_STREAM);
    if (all && all.revoked.length > 0) {
      yield* this.planPart(all, signal);
      await this.idle(signal);
    }
    for (;;) {
      for (const part of this.parts) yield* this.planPart(part, signal);
      await this.idle(signal);
      if (signal.aborted || this.broken.size === 0) return;
      await this.replan();
    }
  }

  private async *planPart(part: Part, signal: AbortSignal): AsyncGenerator<Unit> {
    const id = unitOf(part);
    for (const old of [...part.revoked]) {
      const why =
        part.id === WHOLE_STREAM ? 'its rows are not what they were' : 'the table was rewritten while it was read';
      yield this.unit(old, { part, work: { kind: 'revoke' } }, why);
    }
    for (let i = 0; i < part.ranges.length && !this.broken.has(part); i++) {
      let range = part.ranges[i]!;
      if (range.done || this.isActive(range)) continue;
      if (range.pos === null && part.identity.kind !== 'whole') {
        const at = await this.options.load.cut({ part: part.id, identity: part.identity, range });
        if (at !== undefined) range = splitRange(part, range, at);
      }
      const chunk = { part: part.id, identity: part.identity, range };
      const unit: Unit = { id, partition: {}, slice: { part: part.id, lo: range.lo, hi: range.hi } };
      this.active.set(unit, { part, range, work: { kind: 'chunk', chunk, unit } });
      yield unit;
      if (signal.aborted) return;
    }
  }

  private unit(id: string, planned: Planned, anew: string): Unit {
    const unit: Unit = { id, partition: {}, slice: {}, anew };
    this.active.set(unit, planned);
    return unit;
  }

  private isActive(range: Range): boolean {
    for (const planned of this.active.values()) if (planned?.range === range) return true;
    return false;
  }

  /** Settles when no unit is being read any more. */
  private async idle(signal: AbortSignal): Promise<void> {
    while (this.active.size > 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          signal.removeEventListener('abort', done);
          resolve();
        };
        this.wake = done;
        signal.addEventListener('abort', done, { once: true });
      });
    }
  }

  private async replan(): Promise<void> {
    const { load, table, warn } = this.options;
    for (const [part, reason] of [...this.broken]) {
      if (++this.replans > REPLANS_MAX) {
        throw new ConnectorError(
          'transient',
          `The table ${table} was rewritten ${this.replans} times while it was read (last: ${reason}). Try again when no VACUUM FULL, CLUSTER or TRUNCATE runs on it.`,
        );
      }
      warn(`${table}: ${reason}. It is read anew.`);
      const planned = await load.replan(part, reason, this.replans);
      this.parts[this.parts.indexOf(part)] = newPart(planned, part);
      this.broken.delete(part);
    }
  }

  /** Moves on to the next phase when the load is complete. */
  private settle(): void {
    if (this.phase !== 'loading' || this.broken.size > 0 || !isLoaded(this.parts)) return;
    for (const planned of this.active.values()) if (planned) return;
    this.doneRows = this.parts.reduce(
      (sum, part) => sum + part.ranges.reduce((rows, range) => rows + range.rows, 0),
      0,
    );
    this.phase = this.then ? 'streaming' : 'done';
  }
}

/** A part that is read whole cannot be gone on with once something of it was sent. */
function wholeReason(part: Part): string | undefined {
  return part.ranges.every((range) => range.done) ? undefined : 'it has no order to go on in';
}
