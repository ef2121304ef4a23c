import type { Json, JsonObject } from '@tidemark/protocol';

/** A column as the catalog has it. */
export interface ColumnShape {
  readonly name: string;
  /** Its type as the server tells it apart from others. */
  readonly type: string;
  /** What the server calls the column itself, whatever its name; absent where it has no such thing. */
  readonly id?: string;
  /** Another text after each statement that altered the column; absent where the server does not count them. */
  readonly version?: string;
  /** Rows that were there before the column may have a value in it that the log tells nothing of: its default. */
  readonly isFilled: boolean;
}

/** A table as the catalog has it: what is compared to find what was done to its rows without a word in the log. */
export interface TableShape {
  /** What the server calls the table itself, whatever its name; absent where that is not known or not needed. */
  readonly incarnation?: string;
  /** Which file the rows of each leaf are in, the youngest leaf last: another one after they were all written anew. */
  readonly files?: ReadonlyMap<string, string>;
  readonly columns: readonly ColumnShape[];
  /** Whether the values of one type are all the same in another. Absent: there are no such types. */
  readonly keepsValues?: (before: string, now: string) => boolean;
}

/**
 * What is stored of a shape, small: of the files the youngest leaf's, of the columns the chosen ones.
 * @param isUnproven rows may have been read by this shape when the table had another one already
 */
export function storedShape(
  { incarnation, files, columns }: TableShape,
  isChosen: (column: string) => boolean,
  isUnproven: boolean,
): JsonObject {
  const stored: JsonObject = { incarnation: incarnation ?? null };
  const youngest = files && [...files].at(-1);
  if (youngest) stored.file = youngest;
  stored.columns = Object.fromEntries(
    columns
      .filter(({ name }) => isChosen(name))
      .map(({ name, type, id, version }) => [name, id === undefined ? [type] : [type, id, version ?? '']]),
  );
  if (isUnproven) stored.isUnproven = true;
  return stored;
}

/** What can be said of a stored shape; states of older versions have the incarnation only. */
interface Before {
  readonly incarnation: string | undefined;
  readonly file: readonly [leaf: string, file: string] | undefined;
  readonly columns: ReadonlyMap<string, { type: string; id?: string; version?: string }> | undefined;
  readonly isUnproven: boolean;
}

/**
 * Why rows that were read while a table had the stored shape are not what it has now, although the log tells nothing; undefined
 * when they are. Gives the end of a sentence about the table.
 */
export function whyOutdated(
  stored: Json | undefined,
  now: TableShape,
  isChosen: (column: string) => boolean,
): string | undefined {
  const before = beforeOf(stored);
  if (before.incarnation !== undefined && now.incarnation !== undefined && before.incarnation !== now.incarnation)
    return 'was dropped and made again';
  if (!before.columns) return undefined;
  const isRewritten = before.file !== undefined && now.files?.get(before.file[0]) !== before.file[1];
  for (const column of now.columns.filter(({ name }) => isChosen(name))) {
    const was = before.columns.get(column.name);
    const why =
      was && was.id === column.id
        ? whyAltered(column, was, isRewritten, now)
        : whyAdded(column, before, isRewritten, now);
    if (why !== undefined) return why;
  }
  return undefined;
}

function whyAltered(
  { name, type, version }: ColumnShape,
  was: { type: string; version?: string },
  isRewritten: boolean,
  { keepsValues }: TableShape,
): string | undefined {
  if (was.type !== type && !keepsValues?.(was.type, type))
    return `was altered: its column '${name}' is of another type`;
  // Either alone says nothing: VACUUM FULL writes the rows anew, SET NOT NULL alters the column.
  const isAltered = was.version !== undefined && version !== undefined && was.version !== version;
  return isRewritten && isAltered
    ? `was altered, and its rows were written anew: those of its column '${name}' may be others`
    : undefined;
}

/** The stored shape has no column of this name, or another one. */
function whyAdded(
  { name, id, isFilled }: ColumnShape,
  { columns, isUnproven }: Before,
  isRewritten: boolean,
  now: TableShape,
): string | undefined {
  const names = new Set(now.columns.map((column) => column.name));
  const gone = [...columns!].filter(([old, was]) => (id === undefined ? !names.has(old) : was.id === id));
  const old = gone[0]?.[0];
  if (old !== undefined)
    return id === undefined
      ? `was altered: its column '${name}' is new and '${old}' is gone, and one may be the other`
      : `was altered: its column '${old}' is '${name}' now`;
  if (columns!.has(name)) return `was altered: its column '${name}' was dropped and added again`;
  if (isFilled || isRewritten) return `has a new column '${name}', with values in rows that were there before it`;
  return isUnproven ? `has a new column '${name}', which rows may have been read without` : undefined;
}

function beforeOf(stored: Json | undefined): Before {
  if (typeof stored === 'string')
    return { incarnation: stored, file: undefined, columns: undefined, isUnproven: false };
  const { incarnation, file, columns, isUnproven } = isObject(stored) ? stored : {};
  const text = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
  const [leaf, name] = Array.isArray(file) ? file.map(text) : [];
  const columnsOf = (given: JsonObject) =>
    Object.entries(given).flatMap(([column, facts]) => {
      const [type, id, version] = Array.isArray(facts) ? facts.map(text) : [];
      return type === undefined ? [] : [[column, { type, id, version }] as const];
    });
  return {
    incarnation: text(incarnation),
    file: leaf !== undefined && name !== undefined ? [leaf, name] : undefined,
    columns: isObject(columns) ? new Map(columnsOf(columns)) : undefined,
    isUnproven: isUnproven === true,
  };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
