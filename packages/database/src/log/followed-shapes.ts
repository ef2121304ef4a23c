import { type ConfiguredStream, type Json, type JsonObject, streamKey } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { Table } from '../dialect.js';
import { tableId } from '../table-id.js';
import type { ChangeLog } from './change-log.js';
import { isChosenBy } from './chosen-columns.js';
import { storedShape, type TableShape, whyOutdated } from './table-shape.js';

interface Followed {
  /** Absent where the dialect knows of none. */
  readonly shape: TableShape | undefined;
  readonly isChosen: (column: string) => boolean;
  /** New columns are wanted as soon as they are known. */
  readonly isWhole: boolean;
  /** Made once: a state has those of all tables. */
  readonly stored: Json;
  readonly storedUnproven: Json;
}

/**
 * The followed tables as the catalog had them when the reading began. What is stored of them beside the log's position is compared
 * when that is gone on from; and with what the catalog has by now, before anything is read that could be of a later time.
 */
export class FollowedShapes {
  private readonly tables = new Map<string, Followed>();
  /** Rows of these were read without a look at the catalog afterwards. */
  private readonly unproven = new Set<string>();

  constructor(tables: readonly Table[], followed: readonly ConfiguredStream[]) {
    const schemas = new Map(followed.map(({ stream }) => [streamKey(stream), stream.json_schema]));
    for (const table of tables) {
      const { shape } = table;
      const isChosen = isChosenBy(schemas.get(streamKey(table)));
      this.tables.set(tableId(table), {
        shape,
        isChosen,
        isWhole: table.columns.every(({ name }) => isChosen(name)),
        stored: shape ? storedShape(shape, isChosen, false) : null,
        storedUnproven: shape ? storedShape(shape, isChosen, true) : null,
      });
    }
  }

  /** What is stored of a table, as JSON. */
  stored(id: string): Json {
    const { stored, storedUnproven } = this.tables.get(id)!;
    return this.unproven.has(id) ? storedUnproven : stored;
  }

  /**
   * Why what was read of a table before says nothing of it now, as the end of a sentence. `shared` is the stored state's: those of
   * older versions did not name the tables.
   */
  whyAnew(id: string, shared: JsonObject | undefined): string | undefined {
    const tables = shared?.tables;
    if (typeof tables !== 'object' || tables === null || Array.isArray(tables)) return undefined;
    if (!Object.hasOwn(tables, id)) return 'was left out of a sync, and its changes since then were passed over';
    const { shape, isChosen } = this.tables.get(id)!;
    return shape && whyOutdated((tables as JsonObject)[id], shape, isChosen);
  }

  /** Of these tables rows are about to be read. */
  reading(tables: readonly Table[]): void {
    for (const table of tables) this.unproven.add(tableId(table));
  }

  /** The rows that were read are of the tables as they were when the reading began. */
  proven(tables: readonly Table[]): void {
    for (const table of tables) this.unproven.delete(tableId(table));
  }

  /**
   * Whatever is read of a table that was altered since the catalog was read would lack values. Throws ConnectorError; then what the
   * next attempt reads is right, for its catalog is of a later time.
   * @param altering is told the id of each such table before
   */
  async refuseAltered(
    log: ChangeLog,
    tables: readonly Table[],
    altering: (id: string) => void = () => {},
  ): Promise<void> {
    const altered = await this.alteredMeanwhile(log, tables);
    if (altered.size === 0) return;
    for (const id of altered.keys()) altering(id);
    const what = [...altered].map(([id, why]) => `${id} ${why}`).join('; ');
    throw new ConnectorError(
      'transient',
      `The catalog is not what it was when this attempt began: ${what}. Nothing more is read by the older one; the next attempt begins with the tables as they are now.`,
    );
  }

  /** Why tables are not any more what they were when the reading began, by `namespace.name`: ends of sentences. */
  private async alteredMeanwhile(log: ChangeLog, tables: readonly Table[]): Promise<Map<string, string>> {
    const now = (await log.shapes?.(tables)) ?? new Map<string, TableShape>();
    const altered = new Map<string, string>();
    for (const [id, shape] of now) {
      const known = this.tables.get(id);
      if (!known?.shape) continue;
      const { storedUnproven, isChosen, isWhole } = known;
      const columns = new Set(shape.columns.map(({ name }) => name));
      const gone = known.shape.columns.find(({ name }) => isChosen(name) && !columns.has(name));
      const why =
        whyOutdated(storedUnproven, shape, isWhole ? () => true : isChosen) ??
        (gone && `was altered: its column '${gone.name}' is gone`);
      if (why !== undefined) altered.set(id, why);
    }
    return altered;
  }
}
