import type { Destination } from '../destination.js';
import { placeOf } from './postgres/database.js';
import type { PostgresSettings } from './postgres/kind.js';
import { openSession } from './postgres/session.js';

/** A PostgreSQL database: one typed table per stream, filled by COPY; the books in the schema `_tidemark`. */
export function postgres(settings: PostgresSettings): Destination {
  return { name: placeOf(settings), open: (options) => openSession(settings, options) };
}
