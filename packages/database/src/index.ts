export { type Column, type Decode, LOST, recordSchema } from './column.js';
export { createDatabaseSource, type DatabaseSettings } from './database-source.js';
export type {
  Chunk,
  Database,
  Dialect,
  Finding,
  Follow,
  FollowKind,
  PlannedPart,
  ReadingSettings,
  Table,
  TableLoad,
  TableWish,
} from './dialect.js';
export { PartChanged } from './dialect.js';
export { dialectByName, dialectNames, dialectOfUrl } from './dialects.js';
export { databaseSourceFromManifest, type ManifestOptions } from './manifest.js';
export { type ManifestProblem, manifestProblems } from './manifest-problems.js';
export { databaseManifestSchema } from './manifest-schema.js';
export { rowDecoder } from './row-decoder.js';
export type { DatabaseState, DialectName, Identity, Part, Range, Then } from './state.js';
