import { type JsonObject, stringify } from '@tidemark/protocol';
import type { Batch, StreamPlan, StreamState, WriteResult, Writer } from '../../destination.js';
import type { Db } from '../duckdb/database.js';
import type { FilesContext } from './context.js';
import { entryKey, withEntries } from './manifest.js';
import { Target } from './target.js';

/** Collects rows in the embedded DuckDB; a commit makes files of them and names these in the manifest. */
export class FilesWriter implements Writer {
  private readonly targets: ReadonlyMap<string, Target>;

  constructor(
    private readonly db: Db,
    private readonly context: FilesContext,
    plans: readonly StreamPlan[],
  ) {
    const target = (plan: StreamPlan) => new Target(db, { ...context, files: context.files.again() }, plan);
    this.targets = new Map(plans.map((plan) => [plan.key, target(plan)]));
  }

  get wantsCommit(): boolean {
    return [...this.targets.values()].some((target) => target.wantsCommit);
  }

  write(stream: string, batch: Batch): Promise<WriteResult> {
    return this.target(stream).write(batch);
  }

  restart(stream: string, unit: string): Promise<number> {
    return this.target(stream).restart(unit);
  }

  async commit(states: readonly StreamState[], shared?: JsonObject): Promise<void> {
    await this.store(states, shared);
  }

  async finish(state: StreamState, shared?: JsonObject): Promise<void> {
    const target = this.target(state.stream);
    if (target.finished) return;
    await this.store([state], shared, target);
    target.finished = true;
  }

  async rollback(): Promise<void> {
    for (const target of this.targets.values()) await target.rollback();
  }

  async close(): Promise<void> {
    for (const target of this.targets.values()) await target.close().catch(() => undefined);
    this.db.connection.closeSync();
  }

  private target(stream: string): Target {
    const target = this.targets.get(stream);
    if (!target) throw new Error(`the writer was not made for stream ${stream}`);
    return target;
  }

  private async store(states: readonly StreamState[], shared?: JsonObject, completed?: Target): Promise<void> {
    const targets = [...this.targets.values()];
    try {
      for (const target of targets) await target.prepare();
      await completed?.complete();
    } catch (error) {
      await this.rollback().catch(() => undefined);
      throw await this.context.store.explained(error);
    }
    const paths = targets.map((target) => target.handedOver());
    await this.context.store.commit((manifest) => ({
      ...withEntries(manifest, (entry) => {
        const target = this.targets.get(entryKey(entry));
        const state = states.find(({ stream }) => stream === target?.plan.key);
        return target ? target.applied(entry, state, target === completed) : entry;
      }),
      ...(shared ? { shared: stringify(shared) } : {}),
    }));
    for (const [index, target] of targets.entries()) await target.settled(paths[index]!);
  }
}
