import { ConnectorError } from '@tidemark/source';
import type { BinlogPosition } from './binlog-position.js';
import type { Clients } from './clients.js';
import { quoteText } from './sql.js';

/** How often it is tried to see both between two commits. */
const TRIES = 10;

/**
 * Where the binlog ends: a place, and the transactions before it. The server tells of them in two statements, and others commit
 * meanwhile: a place that is in front of one of the transactions would look like that of another server. Throws ConnectorError,
 * and what the driver throws.
 */
export async function binlogEnd(clients: Clients): Promise<Pick<BinlogPosition, 'server' | 'file' | 'pos' | 'gtid'>> {
  const [row] = await clients.query('SELECT VERSION()');
  const isMariadb = /mariadb/i.test(row?.[0] ?? '');
  let { server, gtid } = await written(clients, isMariadb);
  for (let tries = 1; ; tries++) {
    const [file, pos] = (await status(clients))[0] ?? [];
    if (!file || !pos) throw new ConnectorError('config', 'The server does not say where its binlog ends.');
    const now = await written(clients, isMariadb);
    if (now.gtid === gtid) return { server, file, pos: Number(pos), gtid };
    // What was over before the place was asked for is in front of it: MySQL leaves out of a set what it knows twice.
    if (tries === TRIES)
      return { server, file, pos: Number(pos), gtid: isMariadb ? await at(clients, file, pos) : gtid };
    ({ server, gtid } = now);
  }
}

/** Who writes the binlog, and which transactions are in it; null where the server writes no GTIDs. */
async function written(clients: Clients, isMariadb: boolean): Promise<{ server: string; gtid: string | null }> {
  const [facts] = await clients.query(
    isMariadb
      ? 'SELECT @@server_id, @@gtid_current_pos'
      : "SELECT @@server_uuid, IF(@@gtid_mode = 'ON', @@gtid_executed, NULL)",
  );
  const gtid = facts?.[1]?.replaceAll('\n', '') ?? null;
  // An empty position of MariaDB stands for the beginning of time: the file says more.
  return { server: facts?.[0] ?? '', gtid: gtid === '' && isMariadb ? null : gtid };
}

/** MariaDB looks through the file for it. */
async function at(clients: Clients, file: string, pos: string): Promise<string | null> {
  const [row] = await clients.query(`SELECT BINLOG_GTID_POS(${quoteText(file)}, ${Number(pos)})`);
  return row?.[0] || null;
}

async function status(clients: Clients): Promise<(string | null)[][]> {
  // The older name is gone from MySQL 8.4 on, the newer unknown before 8.2 and to MariaDB.
  return clients.query('SHOW MASTER STATUS').catch(() => clients.query('SHOW BINARY LOG STATUS'));
}
