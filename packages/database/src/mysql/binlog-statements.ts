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
    (relation) => names(statement, relation.name) && (relation.schema === schema || names(statement, relation.schema)),
  );
  return found && relationId(found);
}

/** Whether a word stands in a statement: more is not asked, so that no spelling of a table is passed over. */
function names(sql: string, word: string): boolean {
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w$])${escaped}(?![\\w$])`, 'iu').test(sql);
}
