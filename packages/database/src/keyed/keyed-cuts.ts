import { chunkCount } from '../cutting/chunk-count.js';
import { type KeyProbes, keyCuts, type Stretch } from '../cutting/key-cuts.js';
import { stretchSql } from '../cutting/stretch-sql.js';
import { keyOrder } from '../key-paging.js';
import { type KeyedColumn, type KeyedReading, keySqlOf, tableSql } from './keyed-server.js';

/**
 * Bounds strictly before the last row that cut a table into chunks of about `chunk_bytes`: of the first columns of the key, the
 * others whatever they are. Found by single steps into the key's index; a table is never read for them.
 */
export async function keyedCuts<C extends KeyedColumn>(
  { server, relation }: KeyedReading<C>,
  last: readonly string[],
  firstKey: () => Promise<string[] | undefined>,
): Promise<string[][]> {
  const chunks = chunkCount(relation.dataBytes, server.settings.chunk_bytes);
  if (chunks < 2) return [];
  const first = await firstKey();
  if (first === undefined) return [];
  const key = relation.order;
  const names = key.map((column) => column.name);
  const sql = keySqlOf(server, key);
  const where = (rows: Stretch): string => stretchSql(names, rows, sql).join(' AND ');
  const select = (rows: Stretch, isDescending: boolean): string => {
    const depth = rows.prefix.length;
    const order = keyOrder(names.slice(0, depth + 1), sql, isDescending);
    return server.select(server.selectedKey(key[depth]!), tableSql(server, relation), where(rows), order, 1);
  };
  const probes: KeyProbes = {
    async seek(rows, end) {
      const [row] = await server.probe(select(rows, end === 'last'));
      return row?.[0] ?? undefined;
    },
    ...(server.estimate
      ? {
          estimate: (rows) => {
            const columns = names.slice(0, rows.prefix.length + 1).map((name) => server.quote(name));
            return server.estimate!(
              `SELECT ${columns.join(', ')} FROM ${tableSql(server, relation)} WHERE ${where(rows)}`,
            );
          },
        }
      : {}),
  };
  const spaces = key.map((column) => server.spaceOf(column));
  return keyCuts(probes, { first, last, chunks, spaces, rows: relation.estimatedRows ?? 1 });
}
