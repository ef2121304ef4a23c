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
 * | `CustomStateMigration` | `StateMigration` |
 * | `CustomConfigTransformation` | `ConfigTransformation` |
 * | `CustomValidationStrategy` | `ValidationStrategy` |
 *
 * A component that has others among its fields makes them with `context.builder.build(fields.x, xSlot, context)`.
 */
export { ConnectorError } from '@tidemark/source';
export { type CustomArguments, makeCustom } from './component/custom.js';
export * from './component/index.js';
export { Path, setKey } from './component/path.js';
export { setAtPath } from './component/set-at-path.js';
export { type Authenticator, authenticatorSlot } from './components/auth/slot.js';
export { type IncrementalSync, incrementalSyncSlot } from './components/cursors/slot.js';
export type { StateMigration } from './components/cursors/state-migration-slot.js';
export { type Decoder, decoderSlot } from './components/decoders/slot.js';
export {
  type BackoffStrategy,
  backoffStrategySlot,
  type ErrorHandler,
  errorHandlerSlot,
  type Outcome,
  type Resolution,
} from './components/error-handlers/slot.js';
export { type Extraction, type Extractor, extractorSlot } from './components/extractors/slot.js';
export {
  type PageFacts,
  type PaginationStrategy,
  type Paginator,
  paginationStrategySlot,
  paginatorSlot,
} from './components/paginators/slot.js';
export { type Partition, type PartitionRouter, partitionRouterSlot } from './components/partition-routers/slot.js';
export { type Requester, type RequestOrder, type RequestParts, requesterSlot } from './components/requesters/slot.js';
export { sliceScope } from './components/retrievers/slice-scope.js';
export { type Retrieval, type Retriever, retrieverSlot } from './components/retrievers/slot.js';
export { type SchemaLoader, schemaLoaderSlot } from './components/schema-loaders/slot.js';
export {
  type RecordFilter,
  type RecordSelector,
  recordSelectorSlot,
  type SchemaNormalization,
} from './components/selectors/slot.js';
export type { ConfigTransformation, ValidationStrategy } from './components/spec/slot.js';
export { type DeclarativeStream, streamSlot } from './components/streams/slot.js';
export { type Transformation, transformationSlot } from './components/transformations/slot.js';
export type { ApiRequest, HttpClient } from './http/client.js';
export type { ApiResponse } from './http/response.js';
