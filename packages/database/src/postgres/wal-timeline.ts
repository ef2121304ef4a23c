import type { Clients } from './clients.js';
import { lsnNumber, type WalPosition } from './wal-position.js';

/** Where the log ends, and on which timeline; null of a standby, which may be behind. Throws what the driver throws. */
export async function logEnd(clients: Clients): Promise<{ lsn: string; timeline: number | null }> {
  const [row] = await clients.query<{ lsn: string; timeline: string | null }>(
    `SELECT CASE WHEN standby THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text AS lsn,
      CASE WHEN NOT standby THEN ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int END::text AS timeline
      FROM pg_is_in_recovery() AS standby`,
  );
  const { lsn, timeline } = row!;
  return { lsn, timeline: timeline === null ? null : Number(timeline) };
}

/**
 * Why a position is none of the log of its own cluster, in a sentence: the server was restored to a moment before it. One that
 * took over from another goes on from where that ended. Throws what the driver throws.
 */
export async function whyNotInLog({ lsn, timeline }: WalPosition, clients: Clients): Promise<string | undefined> {
  const end = await logEnd(clients);
  if (end.timeline === null) return undefined;
  if (lsnNumber(lsn) > lsnNumber(end.lsn))
    return `it is at ${lsn}, and the log of this server ends at ${end.lsn}: the server was restored to an earlier time.`;
  if (timeline === null || timeline === end.timeline) return undefined;
  const left = await leftAt(clients, timeline, end.timeline);
  if (left === undefined)
    return `it is at ${lsn} on the timeline ${timeline}, and this server is on ${end.timeline}, which does not come from there: the server was restored to an earlier time, or is another one.`;
  return lsnNumber(lsn) > lsnNumber(left)
    ? `it is at ${lsn} on the timeline ${timeline}, which this server left at ${left} for ${end.timeline}: the server was restored to an earlier time, or took over before it had everything.`
    : undefined;
}

/** Where a server that is on a timeline left an earlier one; undefined where it never was on that. */
async function leftAt(clients: Clients, earlier: number, now: number): Promise<string | undefined> {
  if (now <= 1) return undefined;
  const history = await clients.replication(`TIMELINE_HISTORY ${now}`);
  for (const line of (history[0]?.content ?? '').split('\n')) {
    const [, timeline, lsn] = /^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/i.exec(line) ?? [];
    if (Number(timeline) === earlier) return lsn;
  }
  return undefined;
}
