import type { JsonObject } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import type { Scope } from '../../component/expression.js';
import { slot } from '../../component/slot.js';
import type { Decoder } from '../decoders/slot.js';
import type { Extraction } from '../extractors/slot.js';

/** What is left of a page, and what it was. */
export interface Selection {
  records: RecordData[];
  /** Number of records before any filter. */
  rawCount: number;
  /**
   * The page's last record for pagination: transformed and normalised as those that are emitted, but never left out because
   * a filter dropped it (a page that is filtered away must not end the stream).
   */
  lastRecord: RecordData | undefined;
}

/** What a selection depends on besides the page. */
export interface SelectOptions {
  signal: AbortSignal;
  /** Drops what is not new (client-side incremental), after transformations and normalisation. */
  keep?: (record: RecordData) => boolean;
}

/** Extracts, filters, transforms and normalises the records of decoded bodies. */
export interface RecordSelector {
  /** Leaves the bodies as they are. `scope` is one object for all bodies of a page, with `stream_slice` and its kin. */
  select(bodies: readonly unknown[], scope: Scope, options: SelectOptions): Promise<Selection>;
  /** Only extracts. */
  extract(bodies: readonly unknown[], signal: AbortSignal): Extraction | Promise<Extraction>;
  /** The same with records that were extracted elsewhere; they are left as they are. */
  refine(records: readonly RecordData[], scope: Scope, options: SelectOptions): Promise<Selection>;
  /** Decodes the response in place of the retriever's decoder. */
  readonly decoder?: Decoder;
  /** `rawCount` is a sum over several lists: paging by offset would skip records. */
  readonly countIsSum?: boolean;
}
export const recordSelectorSlot = slot<RecordSelector>('record selector');

/** Decides whether a record stays. */
export interface RecordFilter {
  keeps(record: RecordData, scope: Scope): boolean;
}
export const recordFilterSlot = slot<RecordFilter>('record filter');

/** Brings records into the types of their schema. */
export interface SchemaNormalization {
  /** Compiles the schema once; what it gives changes the record's own fields and replaces what lies below them. */
  normalizer(schema: JsonObject): (record: RecordData) => void;
}
export const schemaNormalizationSlot = slot<SchemaNormalization>('schema normalization');
