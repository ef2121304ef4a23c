import {
  type Catalog,
  type ConfiguredCatalog,
  type ConfiguredStream,
  type DestinationSyncMode,
  type Json,
  type JsonObject,
  type StreamDescription,
  type SyncMode,
  streamKey,
} from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { isObject, objectAt, wrongShape } from './shape.js';

const WHAT = 'catalog';

/**
 * The configured catalog from a catalog file. Optional fields may be null.
 * Throws ConnectorError (config) when it has another shape or names a stream twice.
 */
export function parseCatalog(value: Json): ConfiguredCatalog {
  const catalog = objectAt(value, WHAT, '');
  const list = catalog.streams;
  if (!Array.isArray(list)) {
    if (isObject(catalog.catalog)) {
      throw new ConnectorError(
        'config',
        'The catalog is a CATALOG message of discover; read needs a configured catalog, where each stream has a sync_mode.',
      );
    }
    throw wrongShape(WHAT, 'streams', 'a list', list);
  }
  const seen = new Set<string>();
  const streams = list.map((entry, i) => {
    const stream = parseStream(objectAt(entry, WHAT, `streams[${i}]`), `streams[${i}]`);
    const key = streamKey(stream.stream);
    if (seen.has(key))
      throw new ConnectorError('config', `The catalog names the stream '${stream.stream.name}' twice.`);
    seen.add(key);
    return stream;
  });
  return { streams };
}

/** Every stream of a source, incremental where it can be. */
export function wholeCatalog(catalog: Catalog): ConfiguredCatalog {
  return {
    streams: catalog.streams.map((stream) => ({
      stream,
      sync_mode: stream.supported_sync_modes.includes('incremental') ? 'incremental' : 'full_refresh',
      destination_sync_mode: 'append',
      cursor_field: stream.default_cursor_field,
      primary_key: stream.source_defined_primary_key,
    })),
  };
}

function parseStream(entry: JsonObject, at: string): ConfiguredStream {
  if (!isObject(entry.stream) && typeof entry.name === 'string') {
    throw new ConnectorError(
      'config',
      `In the catalog, '${at}' is a stream as discover prints it; read needs it under 'stream', beside a sync_mode.`,
    );
  }
  const stream = objectAt(entry.stream, WHAT, `${at}.stream`);
  if (typeof stream.name !== 'string') throw wrongShape(WHAT, `${at}.stream.name`, 'the name of a stream', stream.name);
  const namespace = stream.namespace ?? null;
  if (namespace !== null && typeof namespace !== 'string')
    throw wrongShape(WHAT, `${at}.stream.namespace`, 'text', namespace);
  const mode = entry.sync_mode ?? 'full_refresh';
  if (mode !== 'full_refresh' && mode !== 'incremental') {
    throw new ConnectorError('config', `In the catalog, '${at}.sync_mode' must be 'full_refresh' or 'incremental'.`);
  }
  return {
    stream: { ...(stream as unknown as StreamDescription), namespace },
    sync_mode: mode as SyncMode,
    destination_sync_mode: (entry.destination_sync_mode ?? 'append') as DestinationSyncMode,
    cursor_field: (entry.cursor_field ?? null) as string[] | null,
    primary_key: (entry.primary_key ?? null) as string[][] | null,
    generation_id: (entry.generation_id ?? null) as number | null,
    minimum_generation_id: (entry.minimum_generation_id ?? null) as number | null,
    sync_id: (entry.sync_id ?? null) as number | null,
  };
}
