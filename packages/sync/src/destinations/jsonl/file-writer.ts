import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import type { JsonObject } from '@tidemark/protocol';
import type { Batch, StreamPlan, StreamState, WriteResult, Writer } from '../../destination.js';
import { localError } from '../files/local-errors.js';
import { refuseEmpty } from '../sql/refuse-empty.js';
import type { FileSession } from './file-session.js';
import { JsonlFile, type Removal } from './jsonl-file.js';
import { lineStart, writeLines } from './lines.js';

/** The lines of one stream that are not committed, in a file of their own. */
interface Stage {
  path: string;
  handle: FileHandle;
  bytes: number;
  rowsByUnit: Map<string, number>;
}

/** Collects lines beside the file; a commit appends them. */
export class FileWriter implements Writer {
  private readonly plans: ReadonlyMap<string, StreamPlan>;
  private readonly stages = new Map<string, Stage>();
  /** Committed lines of each stream that the next commit takes out. */
  private readonly removals = new Map<string, Removal[]>();
  private readonly finished = new Set<string>();
  /** Rows of each stream that this attempt and earlier ones of its job have written. */
  private readonly rows = new Map<string, number>();

  constructor(
    private readonly session: FileSession,
    plans: readonly StreamPlan[],
  ) {
    this.plans = new Map(plans.map((plan) => [plan.key, plan]));
    for (const plan of plans) this.rows.set(plan.key, plan.rowsBefore);
  }

  async write(stream: string, batch: Batch): Promise<WriteResult> {
    const stage = this.stages.get(stream) ?? (await this.stage(stream));
    const tally = await writeLines(batch, this.plan(stream), this.session.ids, async (text, unit, rows) => {
      const bytes = Buffer.from(text);
      // All of it or an error: a single write may take only a part when the disk is nearly full.
      await stage.handle.appendFile(bytes).catch((error) => {
        throw localError(error, this.session.file.path);
      });
      stage.bytes += bytes.length;
      stage.rowsByUnit.set(unit, (stage.rowsByUnit.get(unit) ?? 0) + rows);
    });
    return { changed: 0, tally };
  }

  async restart(stream: string, unit: string): Promise<number> {
    const { stream: descriptor, openSince } = this.plan(stream);
    const removal: Removal = {
      start: lineStart(descriptor),
      of: ({ _airbyte_meta: meta }) => meta.unit === unit && meta.sync_id >= openSince,
    };
    const stage = this.stages.get(stream);
    const staged = stage && (stage.rowsByUnit.get(unit) ?? 0) > 0 ? await this.takeOut(stream, stage, removal) : 0;
    const before = this.removals.get(stream) ?? [];
    const removed = (await this.session.file.count([...before, removal])) - (await this.session.file.count(before));
    if (removed > 0) this.removals.set(stream, [...before, removal]);
    return staged + removed;
  }

  async commit(states: readonly StreamState[], shared?: JsonObject): Promise<void> {
    await this.store(states, { shared }, []);
  }

  async finish(state: StreamState, shared?: JsonObject): Promise<void> {
    if (this.finished.has(state.stream)) return;
    const plan = this.plan(state.stream);
    const older: Removal = {
      start: lineStart(plan.stream),
      of: (head) => head._airbyte_generation_id < plan.minimumGeneration,
    };
    await this.store([state], { shared, complete: true }, plan.minimumGeneration > 0 ? [older] : [], plan);
    this.finished.add(state.stream);
  }

  async rollback(): Promise<void> {
    await this.forget([...this.plans.keys()]);
  }

  async close(): Promise<void> {
    await this.rollback().catch(() => undefined);
  }

  private plan(stream: string): StreamPlan {
    const plan = this.plans.get(stream);
    if (!plan) throw new Error(`the writer was not made for stream ${stream}`);
    return plan;
  }

  private async stage(stream: string): Promise<Stage> {
    const path = `${this.session.work}/${randomBytes(6).toString('hex')}.jsonl`;
    try {
      const stage = { path, handle: await open(path, 'a'), bytes: 0, rowsByUnit: new Map() };
      this.stages.set(stream, stage);
      return stage;
    } catch (error) {
      throw localError(error, this.session.file.path);
    }
  }

  /** Lines that are not committed are taken out of their own file. */
  private async takeOut(stream: string, stage: Stage, removal: Removal): Promise<number> {
    await stage.handle.close();
    const file = new JsonlFile(stage.path, `${stage.path}.next`);
    const removed = await file.count([removal]);
    const size = await file.prepare([removal], []);
    await file.swap();
    const handle = await open(stage.path, 'a');
    const rowsByUnit = new Map(stage.rowsByUnit);
    this.stages.set(stream, { path: stage.path, handle, bytes: size, rowsByUnit });
    return removed;
  }

  /** Lines of streams that no state comes for wait for theirs. */
  private async store(
    states: readonly StreamState[],
    options: { shared?: JsonObject; complete?: boolean },
    more: readonly Removal[],
    replacing?: StreamPlan,
  ): Promise<void> {
    const streams = states.map(({ stream }) => stream);
    const stages = streams.flatMap((stream) => this.stages.get(stream) ?? []);
    const bytes = stages.reduce((sum, stage) => sum + stage.bytes, 0);
    const remove = [...streams.flatMap((stream) => this.removals.get(stream) ?? []), ...more];
    const rows = (state: StreamState) => (this.rows.get(state.stream) ?? 0) + state.rows;
    const refuse = (removed: number) => {
      if (!replacing || replacing.replaceWithEmpty || removed === 0 || replacing.minimumGeneration === 0) return;
      if (rows(states[0]!) === 0) throw refuseEmpty(replacing, this.session.file.path);
    };
    try {
      await this.session.commit({ add: stages.map(({ path }) => path), bytes, remove }, states, options, refuse);
    } catch (error) {
      await this.rollback().catch(() => undefined);
      throw error;
    }
    for (const state of states) this.rows.set(state.stream, rows(state));
    await this.forget(streams);
  }

  private async forget(streams: readonly string[]): Promise<void> {
    for (const stream of streams) {
      const stage = this.stages.get(stream);
      this.stages.delete(stream);
      this.removals.delete(stream);
      if (!stage) continue;
      await stage.handle.close();
      await rm(stage.path, { force: true });
    }
  }
}
