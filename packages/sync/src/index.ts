export { type CheckpointPolicy, DEFAULT_CHECKPOINT } from './checkpoint.js';
export { connectionSchema } from './connection/schema.js';
export { type ConnectionSettings, connectionName, readConnection, type SourceSpec } from './connection.js';
export type {
  AttemptSummary,
  Batch,
  BatchPage,
  Destination,
  Job,
  JobOutcome,
  OpenOptions,
  Session,
  StoredJob,
  StoredStream,
  StreamPlan,
  StreamState,
  WriteResult,
  Writer,
} from './destination.js';
export { type DuckDbOptions, duckdb } from './destinations/duckdb.js';
export { type DestinationSpec, openDestination, parseDestination } from './destinations/open.js';
export type { StreamSelection } from './modes.js';
export type { StreamProgress, SyncEvent } from './progress.js';
export type { StreamResult, SyncResult } from './result.js';
export { type SyncSettings, sync } from './sync.js';
