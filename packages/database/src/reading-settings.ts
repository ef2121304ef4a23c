import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { ReadingSettings } from './dialect.js';

const MEBIBYTE = 1 << 20;
/** A chunk is never larger. */
const CHUNK_BYTES_MAX = 1 << 30;

/** How tables are read unless a manifest says otherwise. */
export const DEFAULT_READING: ReadingSettings = {
  chunk_bytes: 128 * MEBIBYTE,
  page_rows: 10_000,
  page_bytes: 4 * MEBIBYTE,
  page_seconds: 5,
  concurrency: 4,
  snapshot: false,
  statement_timeout_seconds: 600,
  lock_timeout_seconds: 30,
  spool_bytes: 16 * 1024 * MEBIBYTE,
  spool_directory: '',
  schemas: [],
  method: 'cursor',
  log_load_seconds: 600,
  on_lost_position: 'fail',
  cursor_columns: [],
};

/** Fills the defaults in. Throws ConnectorError (config) that names every wrong value. */
export function readingSettings(wish: Partial<ReadingSettings> = {}): ReadingSettings {
  const settings = { ...DEFAULT_READING, ...defined(wish) };
  const wrong: string[] = [];
  const least: Partial<Record<keyof ReadingSettings, number>> = {
    chunk_bytes: 1,
    page_rows: 1,
    page_bytes: 1,
    page_seconds: 0.001,
    concurrency: 1,
    statement_timeout_seconds: 0,
    lock_timeout_seconds: 0,
    spool_bytes: 0,
    log_load_seconds: 0.001,
  };
  if (settings.sync_interval_hours !== undefined) least.sync_interval_hours = 0.0001;
  for (const [name, low] of Object.entries(least)) {
    const value = settings[name as keyof ReadingSettings];
    if (typeof value !== 'number' || !Number.isFinite(value) || value < low)
      wrong.push(`'${name}' must be a number, ${low} or more`);
  }
  if (wrong.length > 0) throw new ConnectorError('config', `The reading settings are wrong: ${wrong.join('; ')}.`);
  settings.chunk_bytes = Math.min(settings.chunk_bytes, CHUNK_BYTES_MAX);
  return settings;
}

function defined<T extends object>(wish: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(wish as JsonObject).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
