import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError, type RecordData } from '@tidemark/source';
import type { Column } from '../column.js';
import { type ClusterTime, cursorOf } from './change-position.js';
import type { RecordMaker } from './record-maker.js';

/** The column that orders the changes of a document. */
export const LOG_CURSOR = '_ab_cdc_cursor';

const logColumn = (name: string): Column => ({
  name,
  type: 'log',
  nullable: true,
  schema: { type: ['null', 'string'] },
  decode: (text) => text,
});
/** The columns that records have beside their document's own while a change stream is followed. */
export const LOG_COLUMNS: readonly Column[] = [
  logColumn(LOG_CURSOR),
  logColumn('_ab_cdc_updated_at'),
  logColumn('_ab_cdc_deleted_at'),
];

/** What is used of an event of a change stream. */
export interface ChangeEvent {
  readonly _id: JsonObject;
  readonly operationType: string;
  readonly ns?: { readonly db?: string; readonly coll?: string };
  readonly documentKey?: Record<string, unknown>;
  readonly fullDocument?: Record<string, unknown> | null;
  readonly fullDocumentBeforeChange?: Record<string, unknown> | null;
  readonly clusterTime?: { readonly high: number; readonly low: number };
  readonly wallTime?: Date;
}

/** When an event happened, by the cluster's clock. */
export function timeOfEvent({ clusterTime }: ChangeEvent): ClusterTime | undefined {
  return clusterTime && { t: clusterTime.high >>> 0, i: clusterTime.low >>> 0 };
}

/**
 * The record of a change of a document; undefined for an event of another kind. A document that is gone when its update is
 * looked up has been deleted: it is a deletion with its `_id`, as the event that will follow.
 */
export function changeRecord(event: ChangeEvent, records: RecordMaker, fallback: ClusterTime): RecordData | undefined {
  const { operationType, fullDocument, documentKey } = event;
  if (!/^(insert|update|replace|delete)$/.test(operationType)) return undefined;
  const isGone = operationType === 'delete' || !fullDocument;
  const document = isGone ? (event.fullDocumentBeforeChange ?? idOnly(documentKey)) : fullDocument;
  if (!document || !Object.hasOwn(document, '_id'))
    throw new ConnectorError(
      'system',
      `The server sent the event '${operationType}' of a change stream without the document's _id.`,
    );
  const record = records.record(document);
  const time = timeOfEvent(event) ?? fallback;
  const at = (event.wallTime instanceof Date ? event.wallTime : new Date(time.t * 1000)).toISOString();
  return stampRecord(record, { cursor: cursorOf({ token: event._id, time }), at, isDeleted: isGone });
}

/** Sets the columns of the log. */
export function stampRecord(
  record: RecordData,
  { cursor, at, isDeleted }: { cursor: string; at: string; isDeleted: boolean },
): RecordData {
  record[LOG_CURSOR] = cursor;
  record._ab_cdc_updated_at = at;
  record._ab_cdc_deleted_at = isDeleted ? at : null;
  return record;
}

/** A document's key has the fields of the shard key beside its `_id`. */
function idOnly(key: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  return key && Object.hasOwn(key, '_id') ? { _id: key._id } : undefined;
}
