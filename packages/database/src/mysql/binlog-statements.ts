import { type KeyedRelation, relationId } from '../keyed/keyed-server.js';

const LEADING = /^(?:\s+|\/\*.*?\*\/|--[^\n]*\n|#[^\n]*\n)*/s;
const CHANGE = /^(?:INSERT|UPDATE|DELETE|REPLACE|LOAD|WITH)\b/i;

/** The statement without the comments in front of it. */
function bare(sql: string): string {
  return sql.replace(LEADING, '');
}

/**
 * The table (`schema.name`) of these whose rows a statement in the log changes; undefined when it changes none of them. Only
 * with binlog_format other than ROW are there such statements. One that a session of another database wrote has to name the
 * database of the table.
 */
export function changedByStatement(
  sql: string,
  schema: string,
  relations: readonly Pick<KeyedRelation, 'schema' | 'name'>[],
): string | undefined {
  const statement = bare(sql);
  if (!CHANGE.test(statement)) return undefined;
  const found = relations.find(
    (relation) =>
      isNamed(statement, relation.name) && (relation.schema === schema || isNamed(statement, relation.schema)),
  );
  return found && relationId(found);
}

const NAME = '(?:`(?:[^`]|``)+`|"(?:[^"]|"")+"|[\\w$\\u0080-\\uffff]+)';
const TABLE = `${NAME}(?:\\s*\\.\\s*${NAME})?`;
const ALTER = new RegExp(
  `^ALTER\\s+(?:(?:ONLINE|OFFLINE|IGNORE)\\s+)*TABLE\\s+(?:IF\\s+EXISTS\\s+)?(${TABLE})\\s*(.*)$`,
  'is',
);
const RENAMES = new RegExp(
  `\\bRENAME\\s+(?:(?:TO|AS|=)\\s*)?(?!(?:TO|AS|COLUMN|INDEX|KEY)\\b)(${TABLE})\\s*(?:,|;|$)`,
  'i',
);
const MOVES_ROWS = /\b(?:TRUNCATE|DROP|EXCHANGE|DISCARD|IMPORT|CONVERT)\s+(?:PARTITION|TABLESPACE)\b/i;
const WHOLE_TABLES =
  /^(?:TRUNCATE\s+(?:TABLE\s+)?|DROP\s+TABLES?\s+(?:IF\s+EXISTS\s+)?|RENAME\s+TABLES?\s+(?:IF\s+EXISTS\s+)?|CREATE\s+OR\s+REPLACE\s+TABLE\s+)(?=\S)/i;
const SCHEMA_GONE = new RegExp(`^DROP\\s+(?:DATABASE|SCHEMA)\\s+(?:IF\\s+EXISTS\\s+)?(${NAME})`, 'i');

/** A statement in the log that concerns whole tables. */
export interface TableStatement {
  /** `altered`: its columns may be others. `replaced`: rows went or came without being named, or it is another table. */
  readonly kind: 'altered' | 'replaced';
  /** `TRUNCATE TABLE`, for people. */
  readonly what: string;
  readonly statement: string;
  /** Whether it concerns this table. Names are compared without case, for servers that do so. */
  concerns(schema: string, name: string): boolean;
}

/** What a statement of the log, of a session in the database `schema`, does to whole tables. Undefined: nothing. */
export function tableStatement(sql: string, schema: string): TableStatement | undefined {
  const statement = bare(sql);
  const of = (kind: TableStatement['kind'], what: string, texts: readonly string[]): TableStatement => {
    const tables = texts.map((text) => qualified(text, schema));
    const concerns = (inSchema: string, name: string): boolean =>
      tables.some(([s, t]) => s === inSchema.toLowerCase() && (t === undefined || t === name.toLowerCase()));
    return { kind, what, statement, concerns };
  };
  const altered = ALTER.exec(statement);
  if (altered) {
    const [, table, rest] = altered as unknown as [string, string, string];
    const renamed = RENAMES.exec(rest)?.[1];
    if (renamed !== undefined) return of('replaced', 'ALTER TABLE … RENAME', [table, renamed]);
    const other = new RegExp(`\\bWITH\\s+TABLE\\s+(${TABLE})`, 'i').exec(rest)?.[1];
    if (MOVES_ROWS.test(rest)) return of('replaced', 'ALTER TABLE of its partitions', other ? [table, other] : [table]);
    return of('altered', 'ALTER TABLE', [table]);
  }
  const gone = SCHEMA_GONE.exec(statement)?.[1];
  if (gone !== undefined) return { ...of('replaced', 'DROP DATABASE', []), concerns: isSchema(gone) };
  const start = WHOLE_TABLES.exec(statement)?.[0];
  if (start === undefined) return undefined;
  const what = start.trim().split(/\s+/)[0]!.toUpperCase();
  // What stands behind the names (CASCADE, the columns of a new table) is no table's name, or does no harm as one.
  const texts = statement.slice(start.length).match(new RegExp(TABLE, 'g')) ?? [];
  return of('replaced', `${what} TABLE`, what === 'CREATE' || what === 'TRUNCATE' ? texts.slice(0, 1) : texts);
}

const NO_COLUMN = '(?!(?:INDEX|KEY|PRIMARY|FOREIGN|CONSTRAINT|CHECK|PARTITION|PERIOD|SYSTEM)\\b)';
const DROPPED = new RegExp(`\\bDROP\\s+(?:COLUMN\\s+)?(?:IF\\s+EXISTS\\s+)?${NO_COLUMN}(${NAME})`, 'gi');
const RENAMED = new RegExp(`\\bRENAME\\s+COLUMN\\s+(?:IF\\s+EXISTS\\s+)?(${NAME})\\s+TO\\s+(${NAME})`, 'gi');
const CHANGED = new RegExp(`\\bCHANGE\\s+(?:COLUMN\\s+)?(?:IF\\s+EXISTS\\s+)?(${NAME})\\s+(${NAME})`, 'gi');

/**
 * The first of these columns that an ALTER TABLE drops, or makes of another one: rows from before it have another value in it than
 * those that were read, and are not named.
 */
export function remadeColumn(statement: string, columns: readonly string[]): string | undefined {
  const dropped = [...statement.matchAll(DROPPED)].map(([, name]) => unquoted(name!));
  const made = [...statement.matchAll(RENAMED), ...statement.matchAll(CHANGED)]
    .map(([, old, name]) => [unquoted(old!), unquoted(name!)] as const)
    .flatMap(([old, name]) => (old === name ? [] : [name]));
  const names = new Set([...dropped, ...made]);
  return columns.find((column) => names.has(column.toLowerCase()));
}

function isSchema(text: string): TableStatement['concerns'] {
  return (schema) => schema.toLowerCase() === unquoted(text);
}

function qualified(text: string, schema: string): [schema: string, table: string] {
  const [first, second] = text.match(new RegExp(NAME, 'g')) as [string, string | undefined];
  return second === undefined ? [schema.toLowerCase(), unquoted(first)] : [unquoted(first), unquoted(second)];
}

function unquoted(name: string): string {
  const quote = name[0]!;
  const bareName = quote === '`' || quote === '"' ? name.slice(1, -1).replaceAll(quote + quote, quote) : name;
  return bareName.toLowerCase();
}

/** Whether a word stands in a statement: more is not asked, so that no spelling of a table is passed over. */
export function isNamed(sql: string, word: string): boolean {
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w$])${escaped}(?![\\w$])`, 'iu').test(sql);
}
