import { ConnectorError } from '@tidemark/source';
import type { Destination } from '../destination.js';
import { duckdb } from './duckdb.js';

/** A destination as a configuration writes it. */
export type DestinationSpec = { duckdb: { path: string; schema?: string; memory_limit?: string; threads?: number } };

/** Reads the short form `duckdb:FILE`. Throws ConnectorError (config) when it names no destination that there is. */
export function parseDestination(text: string): DestinationSpec {
  const match = /^([a-z][a-z0-9+.-]*):(.+)$/s.exec(text.trim());
  if (match?.[1] === 'duckdb') return { duckdb: { path: match[2]!.replace(/^\/\//, '') } };
  throw new ConnectorError('config', `'${text}' names no destination. Possible: duckdb:FILE`);
}

/** The destination of a specification or of its short form. Nothing is opened or imported yet. */
export function openDestination(spec: DestinationSpec | string): Destination {
  const { duckdb: settings } = typeof spec === 'string' ? parseDestination(spec) : spec;
  const { path, schema, memory_limit: memoryLimit, threads } = settings;
  return duckdb({ path, schema, memoryLimit, threads });
}
