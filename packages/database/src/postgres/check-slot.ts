import type { Finding, ReadingSettings } from '../dialect.js';
import { hoursBetweenSyncs, retentionFindings } from '../retention.js';
import type { Clients } from './clients.js';
import { literal } from './sql.js';

/** A limit is raised at least to this. */
const RAISED_MB_MIN = 1024;
const MEBIBYTE = 1 << 20;
/** The server says from this version on how much it writes. */
const WAL_STATISTICS_SINCE = 140_000;

/** What makes the slot that the log is read by. */
export function slotStatement(slot: string): string {
  return `SELECT pg_create_logical_replication_slot(${literal(slot)}, 'pgoutput');`;
}

/** What is wrong with the slot, and what of the log the server keeps for it until the next sync. Throws what the driver throws. */
export async function checkSlot(
  clients: Clients,
  slot: string,
  database: string,
  reading: ReadingSettings,
): Promise<Finding[]> {
  const settings = new Map((await clients.query<Setting>(SETTINGS)).map((each) => [each.name, each]));
  const kept = { settings, written: await writtenBy(clients, settings), reading };
  const [row] = await clients.query<SlotRow>(SLOT, [slot]);
  const wrong = row ? whatIsWrong(row, slot, database) : `There is no replication slot '${slot}'.`;
  if (wrong !== undefined) {
    const drop = row ? `SELECT pg_drop_replication_slot(${literal(slot)}); ` : '';
    return [
      { severity: 'blocking', problem: wrong, remedy: drop + slotStatement(slot) },
      ...keptForSlot(kept, undefined, slot),
    ];
  }
  return [...keptForSlot(kept, row, slot), ...heldBySlot(row, slot)];
}

interface Setting {
  name: string;
  /** In the unit of the setting: MB, seconds. */
  setting: string;
  /** As people write it: `64GB`, `2d`. */
  shown: string;
}

// Each of them is there from some version on: 13, 18.
const SETTINGS = `SELECT name, setting, current_setting(name) AS shown FROM pg_settings
  WHERE name IN ('max_slot_wal_keep_size', 'idle_replication_slot_timeout', 'server_version_num')`;

/** What the server has written of its log since its statistics began. */
interface Written {
  bytes: string;
  hours: string;
}

const WRITTEN = `SELECT wal_bytes::text AS bytes,
    (extract(epoch FROM clock_timestamp() - stats_reset) / 3600)::text AS hours
  FROM pg_stat_wal WHERE stats_reset IS NOT NULL`;

async function writtenBy(clients: Clients, settings: ReadonlyMap<string, Setting>): Promise<Written | undefined> {
  if (Number(settings.get('server_version_num')?.setting) < WAL_STATISTICS_SINCE) return undefined;
  const [written] = await clients.query<Written>(WRITTEN);
  return written;
}

interface SlotRow {
  plugin: string | null;
  database: string | null;
  active: string;
  status: string | null;
  /** Why it was lost. */
  reason: string | null;
  /** What may still be written before it can be lost; null where there is no limit. */
  safe: string | null;
  /** What the server keeps for it. */
  held: string | null;
}

// Columns that an older server does not have are null this way.
const SLOT = `SELECT plugin, database, active::text AS active, to_jsonb(s)->>'wal_status' AS status,
    to_jsonb(s)->>'invalidation_reason' AS reason,
    pg_size_pretty(greatest((to_jsonb(s)->>'safe_wal_size')::bigint, 0)) AS safe,
    pg_size_pretty(pg_wal_lsn_diff(
      CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn)) AS held
  FROM pg_replication_slots s WHERE slot_name = $1`;

function whatIsWrong({ plugin, database: of, status, reason }: SlotRow, slot: string, wanted: string) {
  if (plugin !== 'pgoutput' || of !== wanted)
    return `The replication slot '${slot}' is for the plugin ${plugin} and the database ${of}.`;
  if (status !== 'lost') return undefined;
  const why = reason === null ? '' : ` (${reason})`;
  return `The replication slot '${slot}' is lost${why}: the server has removed what it had to read.`;
}

interface KeptForSlot {
  settings: ReadonlyMap<string, Setting>;
  written: Written | undefined;
  reading: ReadingSettings;
}

/** How long the server keeps what a slot has to read, until the next sync. */
function keptForSlot({ settings, written, reading }: KeptForSlot, row: SlotRow | undefined, slot: string): Finding[] {
  const findings: Finding[] = [];
  const size = settings.get('max_slot_wal_keep_size');
  if (size && size.setting !== '-1') findings.push(...limitedInSize(size, written, reading, row, slot));
  const idle = settings.get('idle_replication_slot_timeout');
  if (!idle || idle.setting === '0') return findings;
  const sentence = 'The server gives up a replication slot (idle_replication_slot_timeout) that is idle for';
  const remedy = () => 'ALTER SYSTEM SET idle_replication_slot_timeout = 0; SELECT pg_reload_conf();';
  return [...findings, ...retentionFindings(reading, { hours: Number(idle.setting) / 3600, sentence, remedy })];
}

/** A size is a time where the server says how much it writes: by statistics over no less than the time between two syncs. */
function limitedInSize(
  { setting, shown }: Setting,
  written: Written | undefined,
  reading: ReadingSettings,
  row: SlotRow | undefined,
  slot: string,
): Finding[] {
  const megabytes = Number(setting);
  const keeps = `The server keeps at most ${shown} of its log for a replication slot (max_slot_wal_keep_size)`;
  const raise = (least: number): string =>
    `ALTER SYSTEM SET max_slot_wal_keep_size = '${Math.max(2 * megabytes, least, RAISED_MB_MIN)}MB'; SELECT pg_reload_conf();`;
  const perHour = Number(written?.bytes) / MEBIBYTE / Number(written?.hours);
  if (perHour > 0 && Number(written?.hours) >= hoursBetweenSyncs(reading)) {
    const sentence = `${keeps}. At what it has written on average (pg_stat_wal) that is the log of`;
    const remedy = (hours: number) => raise(Math.ceil(hours * perHour));
    const findings = retentionFindings(reading, { hours: megabytes / perHour, sentence, remedy });
    if (findings.length > 0) return findings;
  }
  const left = row?.safe ? ` ${row.safe} more may be written before '${slot}' can be lost.` : '';
  return [
    {
      severity: 'hint',
      problem: `${keeps}: when more than that is written between two syncs, the tables have to be loaded again.${left}`,
      remedy: raise(0),
    },
  ];
}

/** By the server's own measure: `extended` is beyond max_wal_size, `unreserved` beyond max_slot_wal_keep_size. */
function heldBySlot(row: SlotRow | undefined, slot: string): Finding[] {
  if (row?.status === 'unreserved')
    return [
      {
        severity: 'hint',
        problem: `The replication slot '${slot}' is about to be lost: it is ${row.held} behind, further than max_slot_wal_keep_size allows.`,
        remedy: 'a sync at once, or the statement that raises max_slot_wal_keep_size.',
      },
    ];
  if (row?.status !== 'extended' || row.active === 'true') return [];
  return [
    {
      severity: 'hint',
      problem: `The replication slot '${slot}' is not in use and keeps the server from removing ${row.held} of its log, more than max_wal_size.`,
      remedy: `a sync; where no sync reads it any more, SELECT pg_drop_replication_slot(${literal(slot)});`,
    },
  ];
}
