import type { StreamPlan } from '../../destination.js';
import { DUCKDB_COLUMNS, quote } from '../duckdb/column.js';
import type { Db } from '../duckdb/database.js';
import { typeFor, widenExpression } from '../duckdb/widen.js';
import { type Column, Columns, declaredFields } from '../sql/column.js';
import type { SchemaWatch } from '../sql/schema-watch.js';
import { joinKinds } from '../sql/value-kind.js';
import type { FilesContext } from './context.js';
import type { Part } from './manifest.js';
import { aboutOf, rowBytesOf } from './part-files.js';

/** Parts that were replaced by others, by path. Undefined: by nothing. */
export type Replaced = Map<string, Part | undefined>;

/** Brings columns to a schema: they are added and widened, none is removed. Every value in `parts` keeps its digits. */
export async function evolveColumns(
  db: Db,
  context: FilesContext,
  plan: StreamPlan,
  list: readonly Column[],
  parts: readonly Part[],
): Promise<Columns> {
  const columns = new Columns(DUCKDB_COLUMNS, list);
  // Columns of something that has none are new with it: nothing of that was changed.
  const tell = (change: Parameters<SchemaWatch['changed']>[1]) =>
    list.length > 0 ? context.watch.changed(plan, change) : undefined;
  for (const [field, kind] of declaredFields(plan.schema)) {
    const column = columns.get(field);
    if (!column) {
      if (columns.room === 0) continue;
      const { name, type } = columns.add(field, kind, true);
      tell({ change: 'column_added', column: name, to: type });
      continue;
    }
    column.declared = true;
    const joined = joinKinds(column.kind, kind);
    if (joined === column.kind) continue;
    const before = column.type;
    const type = await context.files.reading(joined === 'number' ? parts : [], async (files) => {
      const one = new Columns(columns.rules, [column]);
      const rows = await context.files.rows(db, parts, files, one);
      return typeFor(joined, column, [], `(${rows})`, (sql) => db.one(sql));
    });
    if (type !== before) tell({ change: 'column_widened', column: column.name, from: before, to: type });
    column.kind = joined;
    column.type = type;
  }
  return columns;
}

/** Writes parts anew whose columns have become wider. Formats without types have nothing to do. */
export async function widenParts(
  db: Db,
  context: FilesContext,
  parts: readonly Part[],
  from: readonly Column[],
  to: Columns,
): Promise<Replaced> {
  const replaced: Replaced = new Map();
  const { files } = context;
  const before = new Map(from.map((column) => [column.name, column]));
  const isWider = ({ name, type }: Column) => before.has(name) && before.get(name)!.type !== type;
  if (!files.format.isTyped || !to.list.some(isWider)) return replaced;
  const stored = new Columns(to.rules, from);
  const fields = to.list.map((column) => {
    const old = before.get(column.name);
    if (!old) return `CAST(NULL AS ${column.type}) AS ${quote(column.name)}`;
    return old.type === column.type
      ? quote(column.name)
      : `${widenExpression(old, column.type)} AS ${quote(column.name)}`;
  });
  for (const part of parts) {
    const made = await files.reading([part], async (local) => {
      const rows = await files.rows(db, [part], local, stored);
      const own = '_airbyte_raw_id, _airbyte_extracted_at, _airbyte_meta, _airbyte_generation_id';
      const select = files.format.fromRows(`(SELECT ${[own, ...fields].join(', ')} FROM (${rows}))`, to);
      const folder = part.path.slice(0, part.path.lastIndexOf('/'));
      return files.make(db, select, folder, aboutOf([part], true), { rows: part.rows, rowBytes: rowBytesOf([part]) });
    });
    replaced.set(part.path, made);
  }
  return replaced;
}

/** The list with what took the place of its parts. */
export function replacedIn(parts: readonly Part[], replaced: Replaced): Part[] {
  return parts.flatMap((part) => {
    if (!replaced.has(part.path)) return [part];
    const other = replaced.get(part.path);
    return other ? [other] : [];
  });
}

/** `a`, and then `b` of what came of that. */
export function thenReplaced(a: Replaced, b: Replaced): Replaced {
  const both: Replaced = new Map(b);
  for (const [path, part] of a) both.set(path, part && b.has(part.path) ? b.get(part.path) : part);
  return both;
}
