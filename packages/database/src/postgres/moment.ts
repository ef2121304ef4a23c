import type { Json, JsonObject } from '@tidemark/protocol';
import type { Clients } from './clients.js';
import { youngerThan } from './statements.js';

/** Of more ids than this it is not asked which transactions are open. */
const WINDOW_MAX = 100_000n;
/** More open transactions than this are not remembered one by one. */
const OPEN_MAX = 1_000;

/** What the server sees at a moment. Transactions are named by their ids of 64 bits. */
export interface Moment {
  /** All older transactions were over. Null: not known. */
  readonly floor: string | null;
  /** The first transaction that had not begun; null: not known. */
  readonly next: string | null;
  /** Those between the two that were not over, subtransactions with them; null: any of them may have been open. */
  readonly open: readonly string[] | null;
  /** When the oldest that was open began, or the moment's own time where none was. */
  readonly since: string | null;
  /** Whether any was open. Absent: not known. */
  readonly running?: boolean;
}

/**
 * `locked` are the open transactions by the locks that they hold on themselves, as ids of 32 bits: a snapshot does not name those
 * that are younger than all that are over. A standby names none, and a user who may not see the sessions of others (no
 * pg_read_all_stats) does not see since when they have been open, nor anybody for prepared ones: then it is a day ago.
 */
const MOMENT = `SELECT floor, next, locked, (CASE WHEN floor = next AND locked IS NULL THEN pg_catalog.now()
      ELSE coalesce((SELECT CASE WHEN count(*) = count(a.began) THEN min(a.began) END
        FROM (SELECT xact_start AS began FROM pg_catalog.pg_stat_activity
            WHERE backend_xid IS NOT NULL OR query = '<insufficient privilege>'
          UNION ALL SELECT NULL FROM pg_catalog.pg_prepared_xacts) a),
        pg_catalog.now() - interval '1 day') END)::text AS since
  FROM (SELECT pg_catalog.txid_snapshot_xmin(s)::text AS floor, pg_catalog.txid_snapshot_xmax(s)::text AS next,
      (SELECT pg_catalog.string_agg(l.transactionid::text, ',') FROM pg_catalog.pg_locks l
        WHERE l.locktype = 'transactionid' AND l.granted AND l.mode = 'ExclusiveLock') AS locked
    FROM (SELECT pg_catalog.txid_current_snapshot() AS s) moment) facts`;

/** The oldest transaction that is open. */
export const FLOOR = 'SELECT pg_catalog.txid_snapshot_xmin(pg_catalog.txid_current_snapshot())::text AS floor';

/** Which of these are open now. A snapshot does not name subtransactions, whose ids rows have, too. */
const openStatement = (from: bigint, before: bigint): string =>
  `SELECT id::text FROM pg_catalog.generate_series(${from}, ${before - 1n}) id
    WHERE pg_catalog.txid_status(id) = 'in progress' LIMIT ${OPEN_MAX + 1}`;

/**
 * Takes the moment. What is over by then is seen by every statement that begins afterwards; what is open, or has not begun, is
 * named by `open` and `next`, or for short by `floor`. Throws what the server says.
 */
export async function takeMoment(clients: Clients): Promise<Moment & { floor: string; next: string }> {
  const [row] = await clients.query<{ floor: string; next: string; since: string | null; locked: string | null }>(
    MOMENT,
  );
  const { floor, since, locked } = row!;
  let next = BigInt(row!.next);
  for (const id of locked?.split(',') ?? []) {
    const ahead = BigInt.asIntN(32, BigInt(id) - next);
    if (ahead >= 0n) next += ahead + 1n;
  }
  const from = BigInt(floor);
  const facts = { floor, next: String(next), since, running: next > from };
  if (!facts.running) return { ...facts, open: [] };
  if (next - from > WINDOW_MAX) return { ...facts, open: null };
  const open = (await clients.query<{ id: string }>(openStatement(from, next))).map(({ id }) => id);
  return { ...facts, open: open.length > OPEN_MAX ? null : open };
}

/** Reads what a state says of a moment. */
export function momentOf(state: JsonObject): Moment {
  const id = (field: Json | undefined): field is string => typeof field === 'string' && /^\d{1,19}$/.test(field);
  const { floor, next, open, since, running } = state;
  return {
    floor: id(floor) ? floor : null,
    next: id(next) ? next : null,
    open: Array.isArray(open) && open.length <= OPEN_MAX && open.every(id) ? (open as string[]) : null,
    since: typeof since === 'string' ? since : null,
    ...(typeof running === 'boolean' ? { running } : {}),
  };
}

/**
 * Rows of transactions that were open at a moment, or began after it, as a condition; undefined where nothing is known, or ages
 * say nothing (see `youngerThan`): then every row may be one. Without `open`, all since the oldest that was open count.
 * @param now the first transaction that has not begun by now
 */
export function lateSince({ floor, next, open }: Moment, now: bigint): string | undefined {
  const all = floor === null ? undefined : youngerThan(BigInt(floor), now);
  if (all === undefined || next === null || open === null) return all;
  const young = youngerThan(BigInt(next), now);
  if (young === undefined || open.length === 0) return young ?? all;
  const ids = open.map((id) => BigInt.asUintN(32, BigInt(id)));
  return `(${young} OR xmin = ANY ('{${ids.join(',')}}'::xid[]))`;
}
