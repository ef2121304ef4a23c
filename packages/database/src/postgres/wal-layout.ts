import type { CatalogTable } from './catalog.js';
import type { PostgresColumn } from './types.js';

/** A table as the log names it before rows that were written while it was like this. */
export interface LoggedRelation {
  readonly relationOid: number;
  readonly columns: readonly { readonly name: string; readonly typeOid: number; readonly typeMod: number }[];
}

/** How rows of an older layout are read as rows of the table as it is now. */
export type Layout =
  /** Columns that were added since: their values are not in the log. */
  | { readonly added: readonly PostgresColumn[] }
  /** The log's rows cannot be made rows of now. A sentence. */
  | { readonly why: string };

/** Types of which another modifier changes no value: a limit that was raised is nothing to load a table anew for. */
const LIMITED = new Set(['varchar', 'varbit']);

/**
 * Compares a table as it was when a change was written with the catalog. Columns are told apart by their names: where some are
 * gone and others are new, one may be the other under another name, with values that are in no row of the log.
 * @param oid of the table, or of the leaf that the log names
 */
export function layoutOf(
  { relation: { id }, columns, primaryKey }: CatalogTable,
  oid: string,
  logged: LoggedRelation,
  isChosen: (column: string) => boolean,
): Layout {
  // The library reads them as signed.
  const unsigned = (number: number): string => String(number >>> 0);
  if (unsigned(logged.relationOid) !== oid)
    return { why: `rows of another table of this name, which is gone, are in the log.` };
  const before = new Map(logged.columns.map((column) => [column.name, column]));
  const names = new Set(columns.map(({ name }) => name));
  const read = columns.filter(({ name }) => primaryKey.includes(name) || isChosen(name));
  const added = read.filter(({ name }) => !before.has(name));
  const gone = [...before.keys()].filter((name) => !names.has(name));
  const list = (of: readonly string[]): string => of.map((name) => `'${name}'`).join(', ');
  const addedNames = added.map(({ name }) => name);
  if (added.length > 0 && (gone.length > 0 || addedNames.some((name) => primaryKey.includes(name))))
    return {
      why: `rows in the log are of a time before ${id} had ${list(addedNames)}${gone.length > 0 ? `, when it had ${list(gone)}` : ''}.`,
    };
  const other = read.find(({ name, base, declared }) => {
    const column = before.get(name);
    if (!column || !declared) return false;
    const isOtherType = unsigned(column.typeOid) !== unsigned(declared.oid);
    return isOtherType || (column.typeMod !== declared.modifier && !LIMITED.has(base));
  });
  if (other) return { why: `rows in the log are of a time when '${other.name}' was of another type.` };
  return { added };
}
