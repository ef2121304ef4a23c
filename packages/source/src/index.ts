export { attachedFile, attachFile } from './attached-file.js';
export type { PartitionCursor, PlannedSlice, StreamCursor } from './cursor.js';
export { type BoundaryCursorOptions, boundaryCursor } from './cursors/boundary-cursor.js';
export { type PageCursorOptions, pageCursor } from './cursors/page-cursor.js';
export { type PartitionedCursorOptions, partitionedCursor } from './cursors/partitioned-cursor.js';
export { type RangeCursorOptions, rangeCursor } from './cursors/range-cursor.js';
export type { RangeCut, RangeValues } from './cursors/range-plan.js';
export { singleCursor } from './cursors/single-cursor.js';
export { COMPLETE_KEY, isComplete, NO_CURSOR_KEY, OWN_KEY, ownPart, POSITION_KEY } from './cursors/state-keys.js';
export { ConnectorError, type ErrorKind, isAbort } from './error.js';
export { type ReadResult, type ReadSettings, read } from './read.js';
export { changesOf, noteChanges, type RecordChange } from './record-changes.js';
export type { RecordLines } from './record-lines.js';
export type { GlobalState, RecordTimes, Sink, StreamOutcome, StreamPage } from './sink.js';
export {
  type CheckResult,
  type Connection,
  type ConnectOptions,
  discover,
  type RunContext,
  type Source,
} from './source.js';
export type {
  OpenStream,
  Page,
  ReadOptions,
  RecordData,
  Stream,
  StreamEstimate,
  StreamRunFacts,
} from './stream.js';
export { type Position, type Unit, WHOLE_STREAM } from './unit.js';
