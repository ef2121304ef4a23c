import { rm } from 'node:fs/promises';
import { stringify } from '@tidemark/protocol';
import type { Batch, StreamPlan, StreamState, WriteResult } from '../../destination.js';
import { isWhole } from '../../whole-stream.js';
import { DUCKDB_COLUMNS, quote } from '../duckdb/column.js';
import type { Db } from '../duckdb/database.js';
import { Columns } from '../sql/column.js';
import { refuseEmpty } from '../sql/refuse-empty.js';
import type { FilesContext } from './context.js';
import { type Replaced, replacedIn, thenReplaced, widenParts } from './evolve.js';
import { allParts, entryKey, type Part, type StreamEntry } from './manifest.js';
import { mergeParts } from './merge.js';
import { NEXT_FOLDER, rowsOf } from './part-files.js';
import { hasManySmall, placeParts } from './place-parts.js';
import { isOfUnit, StageTable } from './stage-table.js';

/** Which of a stream's part lists a plan writes. */
export type Where = 'next' | 'delta' | 'parts';

export function whereOf(plan: Pick<StreamPlan, 'minimumGeneration' | 'destinationSyncMode'>): Where {
  if (plan.minimumGeneration > 0) return 'next';
  return plan.destinationSyncMode.endsWith('_dedup') ? 'delta' : 'parts';
}

/** HUGEINT has numbers that Parquet's widest decimal has not. */
const DECIMAL_MAX = '9'.repeat(38);

/** One stream of a writer: what is not committed of it, and what a commit makes of its entry in the manifest. */
export class Target {
  finished = false;
  private readonly where: Where;
  private stage: StageTable | undefined;
  /** What this transaction has put in the place of committed parts. */
  private replaced: Replaced = new Map();
  /** Parts of large rows that the transaction has made before its commit, and the columns that all of its parts have then. */
  private aside: Part[] = [];
  private laidOut: StreamEntry['columns'] | undefined;
  /** Copies of parts on this machine that the transaction needs. */
  private copies: string[] = [];
  private result: Partial<StreamEntry> = {};

  constructor(
    private readonly db: Db,
    /** With part files of its own. */
    private readonly context: FilesContext,
    readonly plan: StreamPlan,
  ) {
    this.where = whereOf(plan);
  }

  /** The entry as it was last committed. */
  get entry(): StreamEntry {
    return this.context.store.current.streams.find((entry) => entryKey(entry) === this.plan.key)!;
  }

  get wantsCommit(): boolean {
    return this.stage?.wantsCommit ?? false;
  }

  async write(batch: Batch): Promise<WriteResult> {
    this.stage ??= await StageTable.create(this.db, this.context, this.plan, this.stored(), () => this.inParts());
    if (this.stage.isHeavy) await this.setAside(this.stage);
    return this.stage.write(batch);
  }

  /** See `Writer.restart`. A deduplicated stream's rows are superseded by the ones that come again. */
  async restart(unit: string): Promise<number> {
    if (isWhole(this.plan, unit)) return this.empty();
    if (this.where === 'delta') return 0;
    const { openSince } = this.plan;
    const { files } = this.context;
    let gone = (await this.stage?.deleteUnit(unit)) ?? 0;
    const isMeant = `(${isOfUnit(unit)} AND CAST(json_extract(_airbyte_meta, '$.sync_id') AS BIGINT) >= ${openSince})`;
    const now: Replaced = new Map();
    for (const part of this.parts()) {
      if (part.jobs[1] < openSince || (part.units && !Object.hasOwn(part.units, unit))) continue;
      const rest = await files.filtered(this.db, part, this.stored(), [], `NOT ${isMeant}`);
      if (rest?.rows === part.rows) continue; // none of it: the copy is garbage
      const { [unit]: _, ...units } = part.units ?? {};
      now.set(part.path, rest && part.units ? { ...rest, units } : rest);
      gone += part.rows - (rest?.rows ?? 0);
    }
    this.replaced = thenReplaced(this.replaced, now);
    return gone;
  }

  /** Makes parts of the rows, and what `applied` puts into the manifest. */
  async prepare(): Promise<void> {
    await this.widen();
    const { stage, plan } = this;
    const parts = this.parts();
    const part = stage && stage.rows > 0 ? await this.partOf(stage) : undefined;
    if (part) parts.push(part);
    const columns = this.columns().list;
    const visible = replacedIn(this.entry.parts, this.replaced);
    const { primaryKey, cursorField } = mutable(plan);
    if (this.where === 'next') this.result = { next: { parts, columns } };
    else if (this.where === 'parts') this.result = { parts, columns };
    else this.result = { parts: visible, delta: { parts, primaryKey, cursorField }, columns };
  }

  /**
   * After `prepare`: what makes the stream complete. New rows take the place of old ones, or are merged into them.
   * Throws ConnectorError (config) when nothing would take the place of something and the plan does not allow it.
   */
  async complete(): Promise<void> {
    const { db, context, plan, entry, result } = this;
    const { folder } = entry;
    const columns = this.columns();
    const order = { ...mutable(plan), columns, folder };
    if (this.where === 'delta') {
      const merged = await mergeParts(db, context, { ...order, stay: result.parts!, fresh: result.delta!.parts });
      const parts = [...replacedIn(result.parts!, merged.replaced), ...merged.made];
      this.result = { parts: await this.tidied(parts, columns), delta: undefined, columns: columns.list };
      return;
    }
    if (this.where === 'parts') {
      this.result = { ...result, parts: await this.tidied(result.parts!, columns) };
      return;
    }
    let { parts } = result.next!;
    const old = [...entry.parts, ...(entry.delta?.parts ?? [])];
    if (!plan.replaceWithEmpty && rowsOf(parts) === 0 && rowsOf(old) > 0)
      throw refuseEmpty(plan, `${context.files.place.name}/${folder}`);
    if (plan.destinationSyncMode.endsWith('_dedup')) {
      const merged = await mergeParts(db, context, { ...order, stay: parts });
      parts = [...replacedIn(parts, merged.replaced), ...merged.made];
    }
    parts = await placeParts(db, context, parts, columns, folder);
    this.result = { parts, columns: columns.list, next: undefined, delta: undefined };
  }

  /** The stream's entry after the commit. */
  applied(entry: StreamEntry, state: StreamState | undefined, complete: boolean): StreamEntry {
    const changed = { ...entry, ...this.result, rawIdMark: Math.max(entry.rawIdMark, this.context.ids.mark) };
    if (!state) return changed;
    return {
      ...changed,
      state: stringify(state.state),
      rows: entry.rows + state.rows,
      status: complete ? 'complete' : 'open',
      updatedAt: this.context.options.clock(),
      published: complete || entry.published,
    };
  }

  /** The commit may have been made, even when its answer got lost: what it names must not be removed any more. */
  handedOver(): string[] {
    const { created } = this.context.files;
    const paths = [...created, ...allParts(this.entry).map((part) => part.path)];
    created.clear();
    return paths;
  }

  /** The commit has been made: `paths` of `handedOver` that it does not name go. */
  async settled(paths: readonly string[]): Promise<void> {
    const { context, plan, entry } = this;
    const named = new Set(allParts(entry).map((part) => part.path));
    const garbage = paths.filter((path) => !named.has(path));
    if (garbage.length > 0)
      await context.files.place
        .remove(garbage)
        .catch((error) => context.options.log('DEBUG', `Stream ${plan.stream.name}: ${String(error)}`));
    await this.forget();
  }

  async rollback(): Promise<void> {
    await this.context.files.discard();
    await this.forget();
  }

  async close(): Promise<void> {
    await this.context.files.discard();
    await this.dropCopies();
    await this.stage?.close();
  }

  /** A part that no manifest names is nobody's: what waits becomes one before the commit, where it would be too much at once. */
  private async setAside(stage: StageTable): Promise<void> {
    await this.widen();
    const part = await this.partOf(stage);
    if (part) this.aside.push(part);
    this.laidOut = stage.columns.list;
    await stage.reset(this.stored());
  }

  private async partOf(stage: StageTable): Promise<Part | undefined> {
    stage.flush();
    const { files } = this.context;
    const { generation, syncId } = this.plan;
    const folder = this.where === 'parts' ? this.entry.folder : `${this.entry.folder}/${NEXT_FOLDER}`;
    await files.makeRoom(stage.rows, stage.rowBytes);
    const longest = await files.format.longest?.(this.db, stage.sql, stage.columns);
    const about = { generations: both(generation), jobs: both(syncId), units: stage.rowsByUnit, longest };
    const select = files.format.fromTable(stage.sql, stage.columns);
    return files.make(this.db, select, folder, about, { rows: stage.rows, rowBytes: stage.rowBytes });
  }

  private async forget(): Promise<void> {
    this.replaced = new Map();
    this.aside = [];
    this.laidOut = undefined;
    this.result = {};
    await this.dropCopies();
    await this.stage?.reset(this.stored());
  }

  /** Small parts put together, where there are many. */
  private async tidied(parts: Part[], columns: Columns): Promise<Part[]> {
    return hasManySmall(parts) ? placeParts(this.db, this.context, parts, columns, this.entry.folder) : parts;
  }

  /** The columns of all parts: as they were last committed, or as the transaction has left them. */
  private stored(): Columns {
    const { entry } = this;
    const committed = this.where === 'next' ? (entry.next?.columns ?? entry.columns) : entry.columns;
    return new Columns(DUCKDB_COLUMNS, this.laidOut ?? committed);
  }

  private columns(): Columns {
    return this.stage?.columns ?? this.stored();
  }

  /** The parts that the plan writes to, as this transaction has left them. */
  private parts(): Part[] {
    const { entry } = this;
    const lists = { next: entry.next?.parts, delta: entry.delta?.parts, parts: entry.parts };
    return replacedIn([...(lists[this.where] ?? []), ...this.aside], this.replaced);
  }

  /** Every row goes, whichever job has written it. */
  private async empty(): Promise<number> {
    await this.stage?.reset(this.stored());
    this.aside = [];
    this.replaced = thenReplaced(this.replaced, new Map(this.alike().map(({ path }) => [path, undefined])));
    return 0;
  }

  /** All parts that have the same columns as the rows that are written. */
  private alike(): Part[] {
    return this.where === 'delta' ? [...replacedIn(this.entry.parts, this.replaced), ...this.parts()] : this.parts();
  }

  private async inParts(): Promise<string | undefined> {
    const parts = this.alike();
    const { files } = this.context;
    if (parts.length === 0 || !files.format.isTyped) return undefined;
    const local: string[] = [];
    for (const part of parts) {
      const file = await files.place.fetch(part.path, files.work);
      local.push(file);
      if (file.startsWith(`${files.work}/`)) this.copies.push(file);
    }
    return files.rows(this.db, parts, local, this.stored());
  }

  /** Parts that were written with narrower columns are written anew. */
  private async widen(): Promise<void> {
    const { stage, context } = this;
    if (!stage) return;
    stage.flush();
    if (context.files.format.isTyped)
      for (const { name, type } of stage.columns.list) {
        if (type !== 'HUGEINT') continue;
        const [beyond] = await this.db.all(
          `SELECT 1 FROM ${stage.sql} WHERE abs(${quote(name)}) > ${DECIMAL_MAX} LIMIT 1`,
        );
        if (beyond) await stage.widen(name, 'VARCHAR');
      }
    const now = await widenParts(this.db, context, this.alike(), this.stored().list, stage.columns);
    this.replaced = thenReplaced(this.replaced, now);
  }

  private async dropCopies(): Promise<void> {
    for (const file of this.copies.splice(0)) await rm(file, { force: true });
  }
}

function both(value: number): [number, number] {
  return [value, value];
}

function mutable(plan: StreamPlan): { primaryKey: string[][]; cursorField: string[] } {
  return { primaryKey: plan.primaryKey.map((path) => [...path]), cursorField: [...plan.cursorField] };
}
