import { chunkCount } from '../cutting/chunk-count.js';
import { type KeyProbes, keyCuts } from '../cutting/key-cuts.js';
import type { KeySpace } from '../cutting/key-space.js';
import { stretchSql } from '../cutting/stretch-sql.js';
import { keyOrder } from '../key-paging.js';
import type { Clients } from './clients.js';
import { POSTGRES_KEYS } from './keys.js';
import type { Relation } from './relation.js';
import { estimateOf, firstOf, histogramOf, keyAtEnd } from './statements.js';

/** A table that is read in the order of its key. */
export interface KeyedRelation {
  readonly relation: Relation;
  readonly key: readonly string[];
  /** The key of its last row. */
  readonly last: readonly string[];
  /** For each column of the key, where that is known. */
  readonly spaces: readonly (KeySpace | undefined)[];
  readonly bytes: number;
}

/**
 * Bounds in front of the last row that cut a table into chunks: where the server's statistics have the quantiles of the first
 * column, there; else, and between them, where guesses lead to. Every bound is a value that the server has found by its index;
 * a table whose order no index serves is not cut. Never throws: fewer bounds are larger chunks.
 */
export async function postgresCuts(
  clients: Clients,
  { relation, key, last, spaces, bytes }: KeyedRelation,
  chunkBytes: number,
): Promise<string[][]> {
  const chunks = chunkCount(bytes, chunkBytes);
  if (chunks < 2) return [];
  try {
    const order = keyOrder(key, POSTGRES_KEYS);
    const [row] = await clients.query<Record<string, string>>(keyAtEnd(relation, key, order));
    const first = key.map((_, i) => row?.[`k${i}`]);
    if (!isWhole(first) || !(await isServed(clients, relation, key, first))) return [];
    const statistics = await clients.query<{ bound: string | null }>(histogramOf(relation, key[0]!));
    const bounds = statistics.flatMap(({ bound }) => bound ?? []);
    return await keyCuts(probesOf(clients, relation, key, statistics.length > 0), {
      first,
      last,
      chunks,
      spaces,
      // The first and the last are the ends.
      quantiles: bounds.slice(1, -1),
      ...(relation.rows === undefined ? {} : { rows: relation.rows }),
    });
  } catch {
    return [];
  }
}

function isWhole(key: readonly (string | undefined)[]): key is string[] {
  return key.every((value) => value !== undefined && value !== null);
}

/** Whether looking for one key is a step into an index: a child of an inherited table may have none. */
async function isServed(
  clients: Clients,
  relation: Relation,
  key: readonly string[],
  first: readonly string[],
): Promise<boolean> {
  const seek = firstOf(
    relation,
    key[0]!,
    stretchSql(key, { prefix: [], conditions: [['>=', first[0]!]] }, POSTGRES_KEYS),
    false,
  );
  const plan = JSON.stringify(await clients.query(`EXPLAIN (FORMAT JSON) ${seek}`));
  return !/Sort\b|Seq Scan/.test(plan);
}

function probesOf(clients: Clients, relation: Relation, key: readonly string[], isKnown: boolean): KeyProbes {
  return {
    async seek(rows, end) {
      const column = key[rows.prefix.length]!;
      const statement = firstOf(relation, column, stretchSql(key, rows, POSTGRES_KEYS), end === 'last');
      const [row] = await clients.query<{ k: string | null }>(statement);
      return row?.k ?? undefined;
    },
    // Without statistics of the column every estimate is the same.
    ...(isKnown
      ? {
          async estimate(rows) {
            const [row] = await clients.query<{ 'QUERY PLAN': string }>(
              estimateOf(relation, stretchSql(key, rows, POSTGRES_KEYS)),
            );
            const plan = JSON.parse(row?.['QUERY PLAN'] ?? '[]') as [{ Plan?: { 'Plan Rows'?: number } }?];
            return plan[0]?.Plan?.['Plan Rows'];
          },
        }
      : {}),
  };
}
