import type { OpenOptions, StreamPlan } from '../../destination.js';
import type { SchemaChange } from '../../schema-change.js';
import type { Columns } from './column.js';

type ColumnChange = Omit<SchemaChange, 'stream'>;

/**
 * Tells what has become of the columns of tables that were there before the attempt: at once where the schema asks for it,
 * at the end where values did, or where a table that was written beside has taken the place of the old one.
 */
export class SchemaWatch {
  private readonly before = new Map<StreamPlan, Map<string, string>>();
  private readonly told = new Set<string>();

  constructor(private readonly options: Pick<OpenOptions, 'schemaChanged' | 'log'>) {}

  /** The attempt begins, with these columns in the stream's table; none: the table is not there yet, and nothing is told of it. */
  begin(plan: StreamPlan, columns: Columns): void {
    if (columns.list.length > 0) this.before.set(plan, typesOf(columns));
  }

  /** The stream's table was changed. */
  changed(plan: StreamPlan, change: ColumnChange): void {
    this.told.add(JSON.stringify([plan.key, change.column]));
    this.options.schemaChanged?.({ stream: plan.stream, ...change });
  }

  /** The attempt is over; `read` gives the columns that the stream's table has now. Does not throw: nothing depends on it. */
  async end(read: (plan: StreamPlan) => Promise<Columns>): Promise<void> {
    try {
      for (const [plan, before] of this.before) this.compare(plan, before, typesOf(await read(plan)));
    } catch (error) {
      this.options.log('DEBUG', `What has become of the columns is not known: ${String(error)}`);
    }
  }

  private compare(plan: StreamPlan, before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): void {
    for (const [column, to] of now) {
      const from = before.get(column);
      if (from === to || this.told.has(JSON.stringify([plan.key, column]))) continue;
      if (from === undefined) this.changed(plan, { change: 'column_added', column, to });
      else this.changed(plan, { change: 'column_retyped', column, from, to });
    }
  }
}

function typesOf(columns: Columns): Map<string, string> {
  return new Map(columns.list.map(({ name, type }) => [name, type]));
}
