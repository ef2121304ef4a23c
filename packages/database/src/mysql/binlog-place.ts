import type { BinlogPosition } from './binlog-position.js';
import type { Clients } from './clients.js';
import { quoteText } from './sql.js';

/** ER_ERROR_WHEN_EXECUTING_COMMAND: there is no event that begins there. */
const NO_EVENT = 1220;
/** The user may not look: ER_SPECIFIC_ACCESS_DENIED_ERROR, ER_ACCESS_DENIED_ERROR. */
const DENIED = new Set([1227, 1045]);

/**
 * Why a server that is called the same cannot have written the log that a position is of, in a sentence: what stands at that place
 * of its log does not follow from the transactions before the position. Servers of MariaDB that nobody gave a number are all
 * called 1, and disks that were put back to an earlier moment keep the server's name. Throws what the driver throws.
 */
export async function whyAnotherLog(clients: Clients, position: BinlogPosition): Promise<string | undefined> {
  const { file, pos, gtid } = position;
  const files = await clients.query('SHOW BINARY LOGS');
  if (gtid === null || !files.some(([name]) => name === file)) return undefined;
  const place = `at ${file}:${pos}, where it was read up to,`;
  const other = 'it was restored to an earlier time, or is another one.';
  try {
    const [event] = await clients.query(`SHOW BINLOG EVENTS IN ${quoteText(file)} FROM ${pos} LIMIT 1`);
    const next = gtidOf(event?.[5] ?? '');
    if (next === undefined || (await mayFollow(clients, next, gtid, position.server))) return undefined;
    return `${place} the binlog of this server goes on with the transaction ${next}, which does not follow from ${gtid}: ${other}`;
  } catch (error) {
    const { errno = 0 } = error as { errno?: number };
    if (DENIED.has(errno)) return undefined;
    if (errno !== NO_EVENT) throw error;
    return `${place} the binlog of this server has no beginning of an event: ${other}`;
  }
}

/** The transaction that an event begins, as `SHOW BINLOG EVENTS` tells of it. */
function gtidOf(info: string): string | undefined {
  return /GTID_NEXT= '([^']+)'/.exec(info)?.[1] ?? /\bGTID (\d+-\d+-\d+)/.exec(info)?.[1];
}

async function mayFollow(clients: Clients, next: string, gtid: string, self: string): Promise<boolean> {
  if (next.includes(':')) {
    const [row] = await clients.query(`SELECT GTID_SUBSET(${quoteText(next)}, ${quoteText(gtid)})`);
    return row?.[0] !== '1';
  }
  const [domain, server, sequence] = next.split('-');
  for (const each of gtid.split(',')) {
    const [ofDomain, ofServer, last] = each.trim().split('-');
    if (ofDomain !== domain || ofServer !== server) continue;
    // A server numbers its own transactions without gaps; those of others may have some. Where the last one was a statement by
    // itself (an ALTER TABLE), the driver counts it with the one behind it only, and the position may lack it.
    const ahead = BigInt(sequence!) - BigInt(last!);
    return ahead >= 1n && (ahead <= 2n || server !== self);
  }
  return true;
}
