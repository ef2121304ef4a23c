import type { Db } from '../duckdb/database.js';
import type { Columns } from '../sql/column.js';
import type { FilesContext } from './context.js';
import type { Part } from './manifest.js';
import { rowBytesOf } from './part-files.js';

/** Parts below this size are put together with their neighbours. */
const SMALL_BYTES = 1024 * 1024;
const SMALL_RAW = 32 * 1024 * 1024;
/** What the rows of parts that were put together take in memory is not more than about this. */
const JOINED_RAW = 128 * 1024 * 1024;
/**
 * Rows of more than this are large: DuckDB holds 2,048 of them in memory at once, several times over. Parts of such rows
 * are put together up to less, and those of larger ones, which are no small parts, stay as they are.
 */
const LARGE_ROW_BYTES = 6 * 1024;
const LARGE_ROWS_RAW = 48 * 1024 * 1024;
const VERY_LARGE_ROW_BYTES = 1024 * 1024;
/** So many small ones may be in the place of an appended stream: putting them together costs reading them. */
const SMALL_MAX = 16;

/** Puts the parts of a complete stream where readers look for them; small neighbours become one. */
export async function placeParts(
  db: Db,
  context: FilesContext,
  parts: readonly Part[],
  columns: Columns,
  folder: string,
): Promise<Part[]> {
  const placed: Part[] = [];
  for (const group of groupsOf(parts)) {
    if (group.length > 1) {
      const joined = await context.files.joined(db, group, columns, folder);
      if (joined) placed.push(joined);
      continue;
    }
    const [part] = group as [Part];
    const isThere = part.path.slice(0, part.path.lastIndexOf('/')) === folder;
    placed.push(isThere ? part : await context.files.moved(part, folder));
  }
  return placed;
}

/** Whether an appended stream has so many small parts that they should be put together. */
export function hasManySmall(parts: readonly Part[]): boolean {
  return parts.filter(isSmall).length > SMALL_MAX;
}

function isSmall(part: Part): boolean {
  return part.bytes < SMALL_BYTES && part.raw < SMALL_RAW && rowBytesOf([part]) < VERY_LARGE_ROW_BYTES;
}

/** How much rows may take in memory that are put together. */
function mostOf(parts: readonly Part[]): number {
  return parts.some((part) => rowBytesOf([part]) > LARGE_ROW_BYTES) ? LARGE_ROWS_RAW : JOINED_RAW;
}

function groupsOf(parts: readonly Part[]): Part[][] {
  const groups: Part[][] = [];
  let open: Part[] | undefined;
  let raw = 0;
  for (const part of parts) {
    if (!isSmall(part)) {
      open = undefined;
      groups.push([part]);
      continue;
    }
    if (!open || raw + part.raw > mostOf([...open, part])) {
      open = [];
      raw = 0;
      groups.push(open);
    }
    open.push(part);
    raw += part.raw;
  }
  return groups;
}
