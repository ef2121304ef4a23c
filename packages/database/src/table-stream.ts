import type { JsonObject, StreamDescription } from '@tidemark/protocol';
import {
  ConnectorError,
  type OpenStream,
  type Page,
  type ReadOptions,
  type RunContext,
  type Stream,
  type StreamRunFacts,
  type Unit,
} from '@tidemark/source';
import { stateFromAirbyte } from './airbyte/state.js';
import { type Column, recordSchema } from './column.js';
import { TableCursor } from './cursors/table-cursor.js';
import {
  type Follow,
  type FollowKind,
  PartChanged,
  type ReadingSettings,
  type Table,
  type TableWish,
} from './dialect.js';
import { type DatabaseState, type DialectName, isDatabaseState, parseDatabaseState } from './state.js';
import { tableId } from './table-id.js';

/** What a table's stream is made of. */
export interface TableStreamOptions {
  readonly dialect: DialectName;
  readonly table: Table;
  readonly wish: TableWish | undefined;
  readonly settings: ReadingSettings;
  readonly context: RunContext;
  /** Why it cannot be read as it is asked for; it fails by itself then, and the others are read. */
  readonly problem?: string;
}

/** One table as a stream: read whole in chunks that resume, then followed where the sync mode and the table allow it. */
export class TableStream implements Stream {
  readonly name: string;
  readonly namespace?: string;

  constructor(private readonly options: TableStreamOptions) {
    this.name = options.table.name;
    this.namespace = options.table.namespace;
  }

  describe(): StreamDescription {
    const { table } = this.options;
    const kind = this.followKind();
    const incremental = kind !== undefined;
    const field = kind === 'cursor' ? this.cursorField() : kind === 'log' ? table.logCursor : undefined;
    const cursor = this.options.problem === undefined ? field : undefined;
    return {
      name: this.name,
      ...(this.namespace === undefined ? {} : { namespace: this.namespace }),
      json_schema: recordSchema([...this.columns(), ...(kind === 'log' ? (table.extraColumns ?? []) : [])]),
      supported_sync_modes: incremental ? ['full_refresh', 'incremental'] : ['full_refresh'],
      source_defined_cursor: kind === 'xmin' || kind === 'log',
      ...(cursor === undefined ? {} : { default_cursor_field: [cursor] }),
      source_defined_primary_key: table.primaryKey.map((column) => [column]),
      is_resumable: table.isResumable,
    };
  }

  open(state: JsonObject | undefined, run: StreamRunFacts = {}): OpenStream {
    const { table, dialect, context, problem } = this.options;
    if (problem !== undefined) throw new ConnectorError('config', problem);
    const id = tableId(table);
    const columns = this.columns(run.schema);
    const follow = run.syncMode === 'incremental' ? this.follow(columns, run.cursorField) : undefined;
    const generation = run.generation ?? null;
    const before = this.stateBefore(state, generation, follow);
    const load = table.load(columns);
    const warn = (message: string): void => context.log('WARN', message);
    const cursor = new TableCursor({ dialect, table: id, generation, state: before, load, follow, warn });
    return {
      cursor,
      read: (unit: Unit, options: ReadOptions): AsyncIterable<Page> => readUnit(cursor, load, follow, unit, options),
      // What is loaded is known; how much has changed is not.
      estimate: () => (before.phase === 'not_started' || before.phase === 'loading' ? table.estimate() : undefined),
    };
  }

  private columns(schema?: JsonObject): readonly Column[] {
    const { table, wish } = this.options;
    const wanted = schema?.properties;
    const isChosen = (name: string): boolean =>
      (wish?.columns === undefined || wish.columns.includes(name)) &&
      (typeof wanted !== 'object' || wanted === null || Object.hasOwn(wanted, name));
    const chosen = table.columns.filter((column) => isChosen(column.name));
    if (!table.columnNamed || typeof wanted !== 'object' || wanted === null) return chosen;
    const known = new Set([...table.columns, ...(table.extraColumns ?? [])].map((column) => column.name));
    const unseen = Object.entries(wanted as Record<string, JsonObject>).filter(
      ([name]) => !known.has(name) && isChosen(name),
    );
    return [...chosen, ...unseen.map(([name, column]) => table.columnNamed!(name, column))];
  }

  /** How it is to go on after the load, whether its table allows it or not. */
  wantedKind(): FollowKind | 'none' {
    const { wish, settings } = this.options;
    return wish?.method ?? (wish?.cursor === undefined ? settings.method : 'cursor');
  }

  /** Why it cannot go on by the cursor column that it has: what an incremental read would end with. No I/O. */
  cursorProblem(): ConnectorError | undefined {
    if (this.options.problem !== undefined || this.followKind() !== 'cursor') return undefined;
    try {
      this.follow(this.columns(), undefined);
      return undefined;
    } catch (error) {
      return ConnectorError.from(error);
    }
  }

  /** Why it cannot be read as it is asked for. */
  get problem(): string | undefined {
    return this.options.problem;
  }

  /** How it goes on after the load, as it is set and as its table allows. */
  followKind(): FollowKind | undefined {
    const { table, wish } = this.options;
    const wanted = this.wantedKind();
    // A cursor that was asked for by name is not dropped in silence: the table says why it cannot be, when it is read.
    if (wanted === 'cursor' && wish?.cursor !== undefined) return 'cursor';
    if (wanted === 'none' || !table.follows.includes(wanted)) return undefined;
    return wanted === 'cursor' && this.cursorField() === undefined ? undefined : wanted;
  }

  private cursorField(): string | undefined {
    const { wish, settings, table } = this.options;
    return wish?.cursor ?? settings.cursor_columns.find((column) => table.cursorColumns.includes(column));
  }

  private follow(columns: readonly Column[], cursorField: string | undefined): Follow {
    const { table } = this.options;
    const kind = this.followKind() ?? (cursorField !== undefined ? 'cursor' : undefined);
    if (kind === undefined) {
      const hint = table.follows.includes('cursor')
        ? ' Or name a cursor column: `cursor` of the stream, or cursor_field.'
        : '';
      throw new ConnectorError(
        'config',
        `The table ${tableId(table)} can only be read whole: use the sync mode full_refresh.${hint}`,
      );
    }
    return table.follow(kind, columns, kind === 'cursor' ? (cursorField ?? this.cursorField()) : undefined);
  }

  private stateBefore(
    state: JsonObject | undefined,
    generation: number | null,
    follow: Follow | undefined,
  ): DatabaseState {
    const { dialect, table, context } = this.options;
    const id = tableId(table);
    const nothing: DatabaseState = { v: 1, dialect, table: id, generation, phase: 'not_started' };
    if (state === undefined || Object.keys(state).length === 0) return nothing;
    const parsed = isDatabaseState(state)
      ? parseDatabaseState(state, dialect, id)
      : stateFromAirbyte(state, { dialect, table, generation, follow });
    if (generation !== null && parsed.generation !== null && parsed.generation !== generation && !follow) {
      context.log(
        'INFO',
        `${id}: the state is of generation ${parsed.generation}; generation ${generation} begins anew.`,
      );
      return nothing;
    }
    if (!follow) {
      if (parsed.phase === 'streaming') return nothing;
      return parsed.phase === 'loading' ? { ...parsed, then: null } : parsed;
    }
    const then = parsed.phase === 'loading' || parsed.phase === 'streaming' ? parsed.then : null;
    // A load without a mark was a full refresh: what has changed since it began is not known.
    if (parsed.phase === 'done' || (parsed.phase === 'loading' && then === null)) return nothing;
    const wrong = then && (then.kind === follow.kind ? follow.accept(then.mark) : otherKind(then.kind, follow.kind));
    if (!wrong) return parsed;
    throw new ConnectorError(
      'config',
      `The state of stream '${id}' does not fit how it is read now: ${wrong}. Read it with the settings of before, or without a state to begin anew (where \`tidemark sync\` reads it: \`tidemark refresh CONNECTION --stream ${this.name}\`).`,
    );
  }
}

function otherKind(met: FollowKind, wanted: FollowKind): string {
  return `it goes on by '${met}', the stream by '${wanted}'`;
}

async function* readUnit(
  cursor: TableCursor,
  load: ReturnType<Table['load']>,
  follow: Follow | undefined,
  unit: Unit,
  { signal }: ReadOptions,
): AsyncIterable<Page> {
  const work = cursor.workOf(unit);
  if (work.kind === 'follow' && follow) yield* follow.read(work.mark, { signal });
  if (work.kind !== 'chunk') return;
  try {
    yield* load.read(work.chunk, { signal });
  } catch (error) {
    if (!(error instanceof PartChanged)) throw error;
    cursor.partChanged(unit, error.message);
  }
}
