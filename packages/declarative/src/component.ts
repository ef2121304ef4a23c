/**
 * The door for authors of custom components (`components.ts` beside a manifest), and the one that the language's own words
 * use. A custom component is a class or a function that takes `CustomArguments` and gives what its slot asks for:
 *
 * | `type` in the manifest | what it gives |
 * |---|---|
 * | `CustomTransformation` | `Transformation` |
 * | `CustomRecordFilter` | `RecordFilter` |
 * | `CustomRecordExtractor` | `Extractor` |
 * | `CustomSchemaNormalization` | `SchemaNormalization` |
 * | `CustomSchemaLoader` | `SchemaLoader` |
 * | `CustomDecoder` | `Decoder` |
 * | `CustomAuthenticator` | `Authenticator` |
 * | `CustomRequester` | `Requester` |
 * | `CustomErrorHandler` | `ErrorHandler` |
 * | `CustomBackoffStrategy` | `BackoffStrategy` |
 * | `CustomPaginationStrategy` | `PaginationStrategy` |
 * | `CustomPartitionRouter` | `PartitionRouter` |
 * | `CustomRetriever` | `Retriever` |
 * | `CustomIncrementalSync` | `IncrementalSync` |
 * | `CustomStateMigration` | `StateMigration` |
 * | `CustomConfigTransformation` | `ConfigTransformation` |
 * | `CustomValidationStrategy` | `ValidationStrategy` |
 */
export { ConnectorError } from '@tidemark/source';
export { type CustomArguments, makeCustom } from './component/custom.js';
export * from './component/index.js';
export { Path, setKey } from './component/path.js';
export { setAtPath } from './component/set-at-path.js';
export type { Authenticator } from './components/auth/slot.js';
export type { IncrementalSync } from './components/cursors/slot.js';
export type { StateMigration } from './components/cursors/state-migration-slot.js';
export type { Decoder } from './components/decoders/slot.js';
export type { BackoffStrategy, ErrorHandler, Outcome, Resolution } from './components/error-handlers/slot.js';
export type { Extraction, Extractor } from './components/extractors/slot.js';
export type { PageFacts, PaginationStrategy } from './components/paginators/slot.js';
export type { Partition, PartitionRouter } from './components/partition-routers/slot.js';
export type { Requester, RequestOrder, RequestParts } from './components/requesters/slot.js';
export type { Retrieval, Retriever } from './components/retrievers/slot.js';
export type { SchemaLoader } from './components/schema-loaders/slot.js';
export type { RecordFilter, SchemaNormalization } from './components/selectors/slot.js';
export type { ConfigTransformation, ValidationStrategy } from './components/spec/slot.js';
export type { DeclarativeStream } from './components/streams/slot.js';
export type { Transformation } from './components/transformations/slot.js';
export type { ApiRequest, HttpClient } from './http/client.js';
export type { ApiResponse } from './http/response.js';
