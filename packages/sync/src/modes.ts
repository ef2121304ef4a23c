import type { DestinationSyncMode, StreamDescription, SyncMode } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { unknownFields } from './key-fields.js';

/** Which streams, and how. What is left out is chosen by what the stream can do. */
export interface StreamSelection {
  name: string;
  namespace?: string;
  sync_mode?: SyncMode;
  destination_sync_mode?: DestinationSyncMode;
  primary_key?: string[][];
  cursor_field?: string[];
  /** A full read that finds nothing may take the place of a table that has rows. */
  allow_empty?: boolean;
}

/** A stream with everything decided. */
export interface ChosenStream {
  description: StreamDescription;
  syncMode: SyncMode;
  destinationSyncMode: DestinationSyncMode;
  primaryKey: string[][];
  cursorField: string[];
  allowEmpty: boolean;
}

const POSSIBLE: Record<SyncMode, readonly DestinationSyncMode[]> = {
  full_refresh: ['overwrite', 'append', 'overwrite_dedup'],
  incremental: ['append_dedup', 'append'],
};

/**
 * Decides the modes of a stream: incremental where the source supports it (with `append_dedup` when there is a primary
 * key), otherwise full refresh with `overwrite`. Throws ConnectorError (config) when a wish cannot be met.
 */
export function chooseModes(description: StreamDescription, wish: Partial<StreamSelection> = {}): ChosenStream {
  const supported = description.supported_sync_modes;
  const refuse = (message: string) =>
    new ConnectorError('config', `Stream '${description.name}': ${message}`, { stream: description.name });
  const primaryKey = wish.primary_key ?? description.source_defined_primary_key ?? [];
  const byWrite = wish.destination_sync_mode?.startsWith('overwrite') ? 'full_refresh' : undefined;
  const syncMode = wish.sync_mode ?? byWrite ?? (supported.includes('incremental') ? 'incremental' : 'full_refresh');
  if (!supported.includes(syncMode))
    throw refuse(`it cannot be read in mode '${syncMode}' (it can: ${supported.join(', ')}).`);
  const byRead = syncMode === 'incremental' ? (primaryKey.length > 0 ? 'append_dedup' : 'append') : 'overwrite';
  const destinationSyncMode = wish.destination_sync_mode ?? byRead;
  if (!POSSIBLE[syncMode].includes(destinationSyncMode)) {
    throw refuse(
      `'${syncMode}' cannot be written with '${destinationSyncMode}' (possible: ${POSSIBLE[syncMode].join(', ')}).`,
    );
  }
  if (destinationSyncMode.endsWith('_dedup') && primaryKey.length === 0) {
    throw refuse(
      `'${destinationSyncMode}' needs a primary key and the stream has none. Set primary_key, or use '${syncMode === 'incremental' ? 'append' : 'overwrite'}'.`,
    );
  }
  const { json_schema: schema } = description;
  const noKey = wish.primary_key && unknownFields(schema, wish.primary_key);
  if (noKey) throw refuse(`primary_key names ${noKey}`);
  const noCursor = wish.cursor_field && unknownFields(schema, [wish.cursor_field]);
  if (noCursor) throw refuse(`cursor_field names ${noCursor}`);
  const cursorField = wish.cursor_field ?? description.default_cursor_field ?? [];
  const allowEmpty = wish.allow_empty ?? false;
  return { description, syncMode, destinationSyncMode, primaryKey, cursorField, allowEmpty };
}

/**
 * A key that the source itself names and its schema does not have, where rows are deduplicated by it: what is known of it
 * would take different rows for the same. The stream cannot be read in that mode; ConnectorError (config) says what to set.
 */
export function sourceKeyProblem({
  description,
  destinationSyncMode,
  primaryKey,
}: ChosenStream): ConnectorError | undefined {
  const wrong = destinationSyncMode.endsWith('_dedup') ? unknownFields(description.json_schema, primaryKey) : undefined;
  if (!wrong) return undefined;
  const instead = destinationSyncMode === 'append_dedup' ? 'append' : 'overwrite';
  return new ConnectorError(
    'config',
    `Stream '${description.name}': the primary key that the source gives it names ${wrong} Set primary_key for this stream in the connection file, or 'destination_sync_mode: ${instead}'.`,
    { stream: description.name },
  );
}

/** A cursor that the source itself names and its schema does not have: of two rows with one key the last that came stays. */
export function sourceCursorWarning({
  description,
  destinationSyncMode,
  cursorField,
}: ChosenStream): string | undefined {
  const isUsed = destinationSyncMode.endsWith('_dedup') && cursorField.length > 0;
  const wrong = isUsed ? unknownFields(description.json_schema, [cursorField]) : undefined;
  return (
    wrong &&
    `Stream '${description.name}': the cursor that the source gives it names ${wrong} Of rows with the same key the one that comes last stays, unless records have the field all the same.`
  );
}
