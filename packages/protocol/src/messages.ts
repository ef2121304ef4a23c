import type { Json, JsonObject } from './json.js';

/** How a stream is read. */
export type SyncMode = 'full_refresh' | 'incremental';
/** What the destination does with the rows. `overwrite_dedup` is the platform's full refresh with a primary key. */
export type DestinationSyncMode =
  | 'append'
  | 'overwrite'
  | 'append_dedup'
  | 'overwrite_dedup'
  | 'update'
  | 'soft_delete';

/** Protocol 0.18 `AirbyteStream`. Optional fields may be null when another client wrote them. */
export interface StreamDescription {
  name: string;
  namespace?: string | null;
  json_schema: JsonObject;
  supported_sync_modes: SyncMode[];
  source_defined_cursor?: boolean | null;
  default_cursor_field?: string[] | null;
  source_defined_primary_key?: string[][] | null;
  is_resumable?: boolean | null;
  /** Its records come with files. */
  is_file_based?: boolean | null;
}
/** Protocol `AirbyteCatalog`. */
export interface Catalog {
  streams: StreamDescription[];
}
/** Protocol `ConfiguredAirbyteStream`. */
export interface ConfiguredStream {
  stream: StreamDescription;
  sync_mode: SyncMode;
  destination_sync_mode: DestinationSyncMode;
  cursor_field?: string[] | null;
  primary_key?: string[][] | null;
  generation_id?: number | null;
  minimum_generation_id?: number | null;
  sync_id?: number | null;
}
/** Protocol `ConfiguredAirbyteCatalog`. */
export interface ConfiguredCatalog {
  streams: ConfiguredStream[];
}
/** Which stream: namespace null and absent are the same. */
export interface StreamDescriptor {
  name: string;
  namespace?: string | null;
}
/** Protocol `ConnectorSpecification`. */
export interface ConnectorSpecification {
  connectionSpecification: JsonObject;
  documentationUrl?: string;
  changelogUrl?: string;
  advanced_auth?: JsonObject;
  supported_destination_sync_modes?: DestinationSyncMode[];
  supportsIncremental?: boolean;
  protocol_version?: string;
}

export type LogLevel = 'FATAL' | 'ERROR' | 'WARN' | 'INFO' | 'DEBUG' | 'TRACE';
export type StreamStatus = 'STARTED' | 'RUNNING' | 'COMPLETE' | 'INCOMPLETE';
export type FailureType = 'config_error' | 'system_error' | 'transient_error';

/** `stream_state` is the source's own: everybody else carries it unopened. */
export interface StreamStateMessage {
  type: 'STREAM';
  stream: { stream_descriptor: StreamDescriptor; stream_state: JsonObject };
  sourceStats?: { recordCount: number };
  destinationStats?: { recordCount: number };
}
/** Protocol `AirbyteRecordMessageFileReference`: a file that belongs to a record, as it lies on this machine. */
export interface FileReference {
  staging_file_url: string;
  source_file_relative_path: string;
  file_size_bytes: number;
}
export interface RecordMessage {
  type: 'RECORD';
  record: {
    stream: string;
    namespace?: string | null;
    data: JsonObject;
    emitted_at: number;
    meta?: { changes?: { field: string; change: string; reason: string }[] | null } | null;
    file_reference?: FileReference | null;
  };
}
/** One state for streams that go on together. */
export interface GlobalStateMessage {
  type: 'GLOBAL';
  global: {
    shared_state?: JsonObject | null;
    stream_states: { stream_descriptor: StreamDescriptor; stream_state?: JsonObject | null }[];
  };
  sourceStats?: { recordCount: number };
  destinationStats?: { recordCount: number };
}
export interface StateMessage {
  type: 'STATE';
  state: StreamStateMessage | GlobalStateMessage;
}
export interface LogMessage {
  type: 'LOG';
  log: { level: LogLevel; message: string; stack_trace?: string };
}
export interface SpecMessage {
  type: 'SPEC';
  spec: ConnectorSpecification;
}
export interface ConnectionStatusMessage {
  type: 'CONNECTION_STATUS';
  connectionStatus: { status: 'SUCCEEDED' | 'FAILED'; message?: string };
}
export interface CatalogMessage {
  type: 'CATALOG';
  catalog: Catalog;
}
/** Protocol `AirbyteEstimateTraceMessage`: about how much one stream has or, of type SYNC, all streams together. */
export interface Estimate {
  name: string;
  namespace?: string | null;
  type: 'STREAM' | 'SYNC';
  row_estimate?: number | null;
  byte_estimate?: number | null;
}
export interface TraceMessage {
  type: 'TRACE';
  trace:
    | {
        type: 'STREAM_STATUS';
        emitted_at: number;
        stream_status: { stream_descriptor: StreamDescriptor; status: StreamStatus; reasons?: JsonObject[] };
      }
    | {
        type: 'ERROR';
        emitted_at: number;
        error: {
          message: string;
          internal_message?: string;
          stack_trace?: string;
          failure_type: FailureType;
          stream_descriptor?: StreamDescriptor;
        };
      }
    | { type: 'ESTIMATE'; emitted_at: number; estimate: Estimate }
    | { type: 'ANALYTICS'; emitted_at: number; analytics: JsonObject };
}
export interface ControlMessage {
  type: 'CONTROL';
  control: { type: 'CONNECTOR_CONFIG'; emitted_at: number; connectorConfig: { config: JsonObject } };
}
/** One line of the protocol. */
export type Message =
  | RecordMessage
  | StateMessage
  | LogMessage
  | SpecMessage
  | ConnectionStatusMessage
  | CatalogMessage
  | TraceMessage
  | ControlMessage;

/** The key of a stream in maps: namespace and name. */
export function streamKey(descriptor: StreamDescriptor): string {
  return descriptor.namespace ? `${descriptor.namespace}\u0000${descriptor.name}` : descriptor.name;
}

/** A stream as people write it: `orders`, or `public.orders` where it has a namespace. */
export function streamTitle({ name, namespace }: { name: string; namespace?: string | null | undefined }): string {
  return namespace ? `${namespace}.${name}` : name;
}

export type { Json, JsonObject };
