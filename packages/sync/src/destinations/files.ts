import type { Destination } from '../destination.js';
import { type Compression, type FormatName, formatOf } from './files/format.js';
import { LocalPlace } from './files/local-place.js';
import type { Place } from './files/place.js';
import { FilesSession } from './files/session.js';
import type { StagingOptions } from './files/staging.js';
import { nothingStored } from './sql/nothing-stored.js';

/** What is the same for files wherever they are. */
export interface FileOptions extends StagingOptions {
  /** Default: parquet. */
  format?: FormatName;
  /** Default: snappy for Parquet, gzip for JSON lines. */
  compression?: Compression;
}

/** A folder: Parquet or JSON lines by stream, and a manifest that says which files count. */
export function files(folder: string, options: FileOptions = {}): Destination {
  return filesIn(() => new LocalPlace(folder), options);
}

/** Files in some place, made anew for each session. Throws ConnectorError (config) for options that do not fit. */
export function filesIn(placeOf: (warn: (message: string) => void) => Place, options: FileOptions): Destination {
  const format = formatOf(options.format ?? 'parquet', options.compression);
  return {
    name: placeOf(() => undefined).name,
    async open(run) {
      const place = placeOf((message) => run.log('WARN', message));
      try {
        const there = await place.open(run.readOnly ?? false);
        if (run.readOnly && !there) return nothingStored;
        return await FilesSession.open({ ...options, place, format }, run);
      } catch (error) {
        await place.close(undefined);
        throw error;
      }
    },
  };
}
