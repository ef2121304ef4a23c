import { createHash } from 'node:crypto';
import { canonical, type Json, type JsonObject, type StreamDescription } from '@tidemark/protocol';
import {
  boundaryCursor,
  isComplete,
  type OpenStream,
  pageCursor,
  partitionedCursor,
  type RecordData,
  type StreamCursor,
  type StreamRunFacts,
  singleCursor,
  type Unit,
} from '@tidemark/source';
import type { BuildContext, StreamSetup } from '../../component/context.js';
import { component } from '../../component/define.js';
import { expression } from '../../component/expression.js';
import { field } from '../../component/field.js';
import { type IncrementalSync, incrementalSyncSlot } from '../cursors/slot.js';
import { stateMigrationSlot } from '../cursors/state-migration-slot.js';
import { type Retriever, retrieverSlot } from '../retrievers/slot.js';
import { cachedSchema } from '../schema-loaders/cached-schema.js';
import { schemaLoaderSlot } from '../schema-loaders/slot.js';
import { transformationSlot } from '../transformations/slot.js';
import { type FileUploader, fileUploaderSlot } from './file-slot.js';
import { primaryKeyPaths } from './primary-key.js';
import { type DeclarativeStream, type StreamSource, streamSlot } from './slot.js';
import { withFiles } from './with-files.js';

/** What a built stream is made of. */
interface StreamParts {
  name: string;
  primaryKey: readonly string[][];
  retriever: Retriever;
  incremental: IncrementalSync | undefined;
  uploader: FileUploader | undefined;
  schema: () => Promise<JsonObject> | JsonObject;
  migrate: (state: JsonObject) => JsonObject;
  context: BuildContext;
}

/** The word for one stream. */
export const declarativeStream = component('DeclarativeStream', {
  slot: streamSlot,
  doc: 'One stream of records: where they come from, how they are read incrementally, and what they look like.',
  fields: {
    name: field.string().doc('The name of the stream, unique in the source.').default('').example('users'),
    retriever: field.slot(retrieverSlot).defaultType('SimpleRetriever').doc('Fetches the records of the stream.'),
    incremental_sync: field.slot(incrementalSyncSlot).optional().doc('How the stream reads only what is new.'),
    primary_key: field
      .json()
      .default('')
      .doc('The field, fields or paths that name a record: text, a list, or a list of paths.')
      .example('id', ['code', 'type']),
    schema_loader: field
      .either(
        field.slot(schemaLoaderSlot).defaultType('JsonFileSchemaLoader'),
        field.list(field.slot(schemaLoaderSlot)),
      )
      .optional()
      .doc('Knows the JSON Schema of the records. Several loaders are merged.'),
    transformations: field
      .list(field.slot(transformationSlot))
      .optional()
      .doc('Changes to each record, in this order.'),
    state_migrations: field
      .list(field.slot(stateMigrationSlot))
      .default([])
      .doc('Bring states of older versions into the form of this one.'),
    file_uploader: field
      .slot(fileUploaderSlot)
      .optional()
      .defaultType('FileUploader')
      .doc('Fetches the file that a record names.'),
  },
  scope(raw, context, parameters) {
    const name =
      typeof raw.name === 'string'
        ? expression(raw.name, { config: context.config, parameters, clock: context.clock }).text()
        : '';
    const stream: StreamSetup = {
      name,
      primaryKey: primaryKeyPaths(raw.primary_key as Json),
      isParent: context.stream?.isParent ?? false,
    };
    return { ...context, stream };
  },
  build({ fields, context, parameters }): StreamSource {
    // What `scope` made for the parts below; they were built before this and read it when they run.
    const stream = context.stream as { -readonly [K in keyof StreamSetup]: StreamSetup[K] };
    const schema = cachedSchema(fields.schema_loader, { name: stream.name, parameters, context });
    stream.transformations = fields.transformations ?? [];
    stream.schema = schema;
    stream.transformsBeforeFiltering = fields.incremental_sync?.isClientSide ?? false;
    const migrations = fields.state_migrations;
    const built = new ManifestStream({
      name: stream.name,
      primaryKey: stream.primaryKey,
      retriever: fields.retriever,
      incremental: fields.incremental_sync,
      // Partitions need no files.
      uploader: stream.isParent ? undefined : fields.file_uploader,
      schema,
      migrate: (state) => {
        const facts = {
          cursorField: fields.incremental_sync?.cursorField,
          partitionFields: fields.retriever.partitionRouter?.partitionFields,
        };
        return migrations.reduce(
          (current, migration) =>
            migration.shouldMigrate(current, facts) ? migration.migrate(current, facts) : current,
          state,
        );
      },
      context,
    });
    return { streams: () => [built] };
  },
});

/** A stream that reads by a retriever; its cursor follows from what the manifest says. */
class ManifestStream implements DeclarativeStream {
  readonly name: string;
  readonly primaryKey: readonly string[][];
  readonly isIncremental: boolean;
  readonly isOlder?: DeclarativeStream['isOlder'];
  constructor(private readonly parts: StreamParts) {
    this.name = parts.name;
    this.primaryKey = parts.primaryKey;
    this.isIncremental = parts.incremental !== undefined;
    if (parts.incremental?.isOlder) this.isOlder = (state, period) => this.isCursorOlder(state, period);
  }

  schema(): Promise<JsonObject> | JsonObject {
    return this.parts.schema();
  }

  private isCursorOlder(given: JsonObject, period: string): boolean | undefined {
    const { incremental, retriever, migrate } = this.parts;
    const state = migrate(given);
    const held = retriever.partitionRouter ? state.state : state;
    const value =
      incremental && held !== null && typeof held === 'object'
        ? (held as JsonObject)[incremental.cursorField]
        : undefined;
    return value === undefined || value === null || value === '' ? undefined : incremental?.isOlder?.(value, period);
  }

  async describe(): Promise<StreamDescription> {
    const { incremental, retriever } = this.parts;
    const description: StreamDescription = {
      name: this.name,
      json_schema: await this.parts.schema(),
      supported_sync_modes: incremental ? ['full_refresh', 'incremental'] : ['full_refresh'],
      is_resumable: incremental !== undefined || retriever.isPaginated,
    };
    if (incremental) {
      description.source_defined_cursor = !incremental.allowsChosenCursor;
      description.default_cursor_field = [incremental.cursorField];
    }
    if (this.parts.uploader) description.is_file_based = true;
    if (this.primaryKey.length) description.source_defined_primary_key = this.primaryKey.map((path) => [...path]);
    return description;
  }

  async open(given: JsonObject | undefined, run: StreamRunFacts = {}): Promise<OpenStream> {
    const { retriever, uploader } = this.parts;
    const incremental = this.chosenCursor(run.cursorField);
    const state = given && Object.keys(given).length ? this.parts.migrate(given) : undefined;
    const fingerprint = createHash('sha256').update(retriever.fingerprint()).digest('base64url').slice(0, 16);
    const opened = incremental
      ? this.incrementalCursor(incremental, isComplete(state) ? undefined : state, fingerprint)
      : { cursor: this.pageCursor(state, fingerprint, run), isNew: undefined };
    const cursor =
      incremental && run.remembersBoundary
        ? this.withBoundary(opened.cursor, incremental, isComplete(state) ? undefined : state)
        : opened.cursor;
    return {
      cursor,
      read: (unit: Unit, options) => {
        const isNew = opened.isNew?.(unit);
        const pages = retriever.pages({
          partition: unit.partition,
          slice: unit.slice,
          extra: unit.extra,
          position: unit.position,
          signal: options.signal,
          parts: incremental ? (slice) => incremental.parts(slice) : undefined,
          keep: isNew,
          window: incremental && {
            narrow: (slice, highest) => incremental.narrow(slice, highest),
            split: (slice, smallest) => incremental.split(slice, smallest),
            highest: (records) => incremental.highest(records),
            compare: (a, b) => incremental.compare(a, b),
          },
          isNew: incremental?.isDataFeed ? isNew : undefined,
          schema: run.schema,
          onRestart: options.onRestart,
          idle: options.idle,
        });
        return uploader ? withFiles(pages, uploader, options.signal) : pages;
      },
    };
  }

  /** The cursor, over the field that the user chose where the stream allows that. */
  private chosenCursor(cursorField: string | undefined): IncrementalSync | undefined {
    const { incremental } = this.parts;
    const isChosen =
      incremental?.allowsChosenCursor && cursorField !== undefined && cursorField !== incremental.cursorField;
    return isChosen ? incremental.chosen(cursorField) : incremental;
  }

  private pageCursor(state: JsonObject | undefined, fingerprint: string, run: StreamRunFacts): StreamCursor {
    const { retriever, context } = this.parts;
    const { partitionRouter } = retriever;
    const { generation } = run;
    if (!partitionRouter) return singleCursor(pageCursor({ state, fingerprint, generation }));
    return partitionedCursor({
      state,
      generation,
      partitions: (parentState, signal) => partitionRouter.partitions(parentState, signal),
      parentState: () => undefined,
      cursor: (partitionState) => pageCursor({ state: partitionState, fingerprint, generation }),
      clock: context.clock,
      log: (message) => context.log('INFO', `${this.name}: ${message}`),
    });
  }

  private withBoundary(
    cursor: StreamCursor,
    incremental: IncrementalSync,
    state: JsonObject | undefined,
  ): StreamCursor {
    const { retriever, context } = this.parts;
    const { partitionRouter } = retriever;
    const isGlobal =
      incremental.isGlobalSubstream || partitionRouter?.needsGlobalCursor === true || state?.use_global_cursor === true;
    return boundaryCursor(cursor, {
      state,
      cursorField: incremental.cursorField,
      scope: !partitionRouter ? 'stream' : isGlobal ? 'global' : 'partition',
      compare: (a, b) => incremental.compare(a, b),
      highest: (records) => incremental.highest(records),
      at: (value) => incremental.at(value),
      warn: (message) => context.log('WARN', `${this.name}: ${message}`),
    });
  }

  /** The cursor, and for streams that filter by it themselves: what is new to a unit. */
  private incrementalCursor(
    incremental: IncrementalSync,
    state: JsonObject | undefined,
    fingerprint: string,
  ): { cursor: StreamCursor; isNew: ((unit: Unit) => (record: RecordData) => boolean) | undefined } {
    const { retriever, context } = this.parts;
    const { partitionRouter } = retriever;
    const filters = incremental.isClientSide || incremental.isDataFeed;
    const warn = (message: string): void => context.log('WARN', `${this.name}: ${message}`);
    if (!partitionRouter) {
      return {
        cursor: singleCursor(incremental.cursor(state, { fingerprint, warn })),
        isNew: filters ? () => (record) => incremental.isNew(record, state) : undefined,
      };
    }
    // What each partition's part of the state was before this read: what comes is compared with that.
    const before = new Map<string, { state: JsonObject | undefined; lookbackSeconds: number }>();
    const cursor = partitionedCursor({
      state,
      partitions: (parentState, signal) => partitionRouter.partitions(parentState, signal),
      parentStateOf: (given) => partitionRouter.parentStateOf?.(given),
      parentState: () => partitionRouter.parentState(),
      cursor: (partitionState, lookbackSeconds, partition) => {
        if (filters) before.set(canonical(partition), { state: partitionState, lookbackSeconds });
        return incremental.cursor(partitionState, { lookbackSeconds, fingerprint, warn });
      },
      incremental: {
        cursorField: incremental.cursorField,
        useGlobal: incremental.isGlobalSubstream || partitionRouter.needsGlobalCursor === true,
        compare: (a, b) => incremental.compare(a, b),
        highest: (records) => incremental.highest(records),
        normalize: (value) => incremental.normalize(value),
      },
      clock: context.clock,
      log: (message) => context.log('INFO', `${this.name}: ${message}`),
    });
    const isNew = (unit: Unit): ((record: RecordData) => boolean) => {
      const start = before.get(canonical(unit.partition));
      return (record) => incremental.isNew(record, start?.state, start?.lookbackSeconds);
    };
    return { cursor, isNew: filters ? isNew : undefined };
  }
}
