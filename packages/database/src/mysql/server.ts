import type { ReadingSettings } from '../dialect.js';
import type { KeyedServer } from '../keyed/keyed-server.js';
import type { SpoolSpace } from '../spool/spool-space.js';
import { type Clients, fetchRows, type RawRow } from './clients.js';
import { isWorthAnotherTry, mysqlError } from './errors.js';
import { incarnationsOf } from './incarnations.js';
import { spaceOf } from './key-spaces.js';
import { equalTexts, keyLiteral, quoteName, secondsBelow, selected, selectedKey } from './sql.js';
import { streamRows } from './stream-rows.js';
import type { MysqlColumn } from './types.js';
import { isYear, yearBelow } from './years.js';

/** A step into an index that takes longer is none. */
const PROBE_SECONDS = 5;

/** How statements of MySQL and MariaDB are written and run. */
export function mysqlServer(clients: Clients, settings: ReadingSettings, spool: SpoolSpace): KeyedServer<MysqlColumn> {
  return {
    settings,
    quote: quoteName,
    selected,
    selectedKey,
    literal: keyLiteral,
    equal: equalTexts,
    select: (list, from, where, order, limit) =>
      `SELECT ${list} FROM ${from}${where === undefined ? '' : ` WHERE ${where}`} ORDER BY ${order} LIMIT ${limit}`,
    below(literal, column, amount) {
      if (isYear(column)) return yearBelow(literal, amount);
      return column.keyForm === 'number' ? `${literal} - ${amount}` : secondsBelow(literal, amount);
    },
    query: (sql) => clients.query(sql),
    probe: (sql) => clients.query(limited(sql)),
    async estimate(select) {
      const [row] = await clients.query(`EXPLAIN FORMAT=TRADITIONAL ${select}`);
      if (!row) return undefined;
      // MySQL's row has the partitions and what is left of the rows by other conditions, too; null: there can be none.
      return Number(row[row.length > 10 ? 9 : 8] ?? 0);
    },
    spaceOf,
    incarnations: ({ schema, name }) => incarnationsOf(clients, schema, name),
    async session() {
      const client = await clients.take();
      return {
        async fetch(sql, columns, places, bytesMax) {
          const { rows, bytes, isCut } = await clients.long.during(fetchRows(client, sql, bytesMax));
          return { rows: rows.map((row) => texts(row, columns, places)), bytes, isCut };
        },
        release: (isBroken) => clients.release(client, isBroken),
      };
    },
    stream: (sql, columns, signal, doing) => streamRows({ clients, settings, spool, columns, signal, doing }, sql),
    error: mysqlError,
    isWorthAnotherTry,
  };
}

/** Ended by the server after some seconds: MySQL heeds the hint, MariaDB what is a comment to MySQL. */
function limited(select: string): string {
  const hinted = select.replace(/^SELECT /, `SELECT /*+ MAX_EXECUTION_TIME(${PROBE_SECONDS * 1000}) */ `);
  return `/*M! SET STATEMENT max_statement_time = ${PROBE_SECONDS} FOR */ ${hinted}`;
}

function texts(row: RawRow, columns: readonly MysqlColumn[], places: number): (string | null)[] {
  const { length } = columns;
  const values = new Array<string | null>(length + places);
  for (let i = 0; i < length + places; i++) {
    const value = row[i];
    values[i] = value?.toString(i < length && columns[i]!.isBinary ? 'base64' : 'utf8') ?? null;
  }
  return values;
}
