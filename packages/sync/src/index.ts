export { fileBooks } from './books/file-books.js';
export { type BooksSpec, booksSecrets, openBooks, parseBooks } from './books/open.js';
export { withBooks } from './books/with-books.js';
export type { BookStore, Books } from './books.js';
export { type CheckpointPolicy, DEFAULT_CHECKPOINT } from './checkpoint.js';
export { connectionSchema } from './connection/schema.js';
export { type ConnectionSettings, connectionName, readConnection, type SourceSpec } from './connection.js';
export {
  type AttemptSummary,
  type Batch,
  type BatchPage,
  type Destination,
  type Job,
  type JobOutcome,
  type OpenOptions,
  type ResetOrder,
  type Session,
  type StoredAttempt,
  type StoredJob,
  type StoredStream,
  type StreamPlan,
  type StreamState,
  type Tally,
  timeOf,
  type WriteResult,
  type Writer,
} from './destination.js';
export { type DuckDbOptions, duckdb } from './destinations/duckdb.js';
export { type FileOptions, files } from './destinations/files.js';
export { jsonl } from './destinations/jsonl.js';
export type { DestinationKind } from './destinations/kind.js';
export { destinationKinds } from './destinations/kinds.js';
export { type MysqlOptions, mysql } from './destinations/mysql.js';
export {
  type DestinationSpec,
  destinationExamples,
  destinationSecrets,
  needsBooks,
  openDestination,
  parseDestination,
} from './destinations/open.js';
export type { PostgresSettings } from './destinations/postgres/kind.js';
export { postgres } from './destinations/postgres.js';
export { type S3Options, s3 } from './destinations/s3.js';
export { whyNextJob } from './job-end.js';
export type { StreamSelection } from './modes.js';
export type { ErrorFacts, SchemaChangeFacts, StreamFacts } from './notify/stream-facts.js';
export { errorFacts, schemaChangeFacts, streamFacts, unparsableFacts } from './notify/stream-facts.js';
export type { WebhookBody } from './notify/webhook-body.js';
export { WEBHOOK_EVENTS, type WebhookEventName, type WebhookSettings } from './notify/webhook-settings.js';
export { type WebhookOptions, webhooks } from './notify/webhooks.js';
export { observedSync, type SyncEnd, type SyncObserver } from './observe.js';
export { positionInWords } from './position.js';
export { type ProcessDestinationSettings, processDestination } from './processes/process-destination.js';
export { type ProcessSourceSettings, processSource } from './processes/process-source.js';
export type { Program } from './processes/program.js';
export { type ServeSettings, serveDestination } from './processes/serve-destination.js';
export { openServed, type ServedDestination, servedKind, servedSpec } from './processes/served-kind.js';
export { type StreamProgress, type SyncEvent, shareOf } from './progress.js';
export { clearOrders, type RefreshMode, refreshOrders } from './refresh.js';
export type { AttemptResult, StreamResult, SyncResult } from './result.js';
export { DEFAULT_RETRY, type RetryPolicy } from './retry.js';
export { type SchemaChange, streamChanges } from './schema-change.js';
export { exportStates, type Imported, type ImportSettings, importStates, type StateSet } from './state-transfer.js';
export { SyncStopped } from './stop-deadline.js';
export { pickStreams } from './stream-names.js';
export { type SyncSettings, sync } from './sync.js';
export { type TelemetryOptions, telemetry } from './telemetry/telemetry.js';
