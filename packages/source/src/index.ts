export type { PartitionCursor, StreamCursor } from './cursor.js';
export { ConnectorError, type ErrorKind } from './error.js';
export { type ReadResult, type ReadSettings, read } from './read.js';
export type { Sink, StreamOutcome } from './sink.js';
export { type CheckResult, type Connection, discover, type RunContext, type Source } from './source.js';
export type { OpenStream, Page, ReadOptions, RecordData, Stream } from './stream.js';
export type { Position, Unit } from './unit.js';
