import type { MysqlOptions } from '@tidemark/sync';
import type { ReadRow } from '@tidemark/sync/testing';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import type { Server } from '../../../scripts/servers/supervised.mjs';

/** Settings of a destination on a server of the tests. */
export function settingsOf(server: Server, database = server.database): MysqlOptions {
  const { host, port, user, password } = server;
  return { host, port, user, password, database };
}

/** A connection as anybody would make it. */
export function connect(server: Server, database?: string): Promise<Connection> {
  const { host, port, user, password } = server;
  return createConnection({
    ...{ host, port, user, password, database },
    ...{ charset: 'utf8mb4_bin', supportBigNumbers: true, bigNumberStrings: true, dateStrings: true },
  });
}

/** Runs statements, one after the other; gives the rows of the last. */
export async function query(
  server: Server,
  database: string | undefined,
  ...statements: string[]
): Promise<RowDataPacket[]> {
  const connection = await connect(server, database);
  try {
    let rows: RowDataPacket[] = [];
    for (const sql of statements) [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows;
  } finally {
    await connection.end();
  }
}

/** A table's rows with every value as text, in the order in which they came; undefined when there is no table. */
export async function readTable(server: Server, database: string, table: string): Promise<ReadRow[] | undefined> {
  const connection = await connect(server, database);
  try {
    const [columns] = await connection.query<RowDataPacket[]>(
      'SELECT column_name AS name, column_type AS type, extra FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position',
      [database, table],
    );
    if (columns.length === 0) return undefined;
    // As `SELECT *` does: what is hidden stays so.
    const seen = columns.filter((column) => !/INVISIBLE/i.test(String(column.extra ?? column.EXTRA)));
    const list = seen.map(({ name, type }, index) => {
      const quoted = `\`${String(name).replaceAll('`', '``')}\``;
      if (type === 'tinyint(1)') return `IF(${quoted} IS NULL, NULL, IF(${quoted}, 'true', 'false')) AS c${index}`;
      if (/^datetime/.test(type)) return `TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM ${quoted})) AS c${index}`;
      return `CAST(${quoted} AS CHAR) AS c${index}`;
    });
    // The driver refuses to put a column named `__proto__` into an object; so does JavaScript.
    const sql = `SELECT ${list.join(', ')} FROM \`${table}\` ORDER BY _airbyte_raw_id`;
    const [rows] = await connection.query<RowDataPacket[][]>({ sql, rowsAsArray: true });
    return rows.map((row) => Object.fromEntries(seen.map(({ name }, index) => [name, row[index]]))) as ReadRow[];
  } finally {
    await connection.end();
  }
}
