import type { RecordData } from '@tidemark/source';
import type { Scope } from '../../component/expression.js';
import { slot } from '../../component/slot.js';

/** What is left of a page, and what it was. */
export interface Selection {
  records: RecordData[];
  /** Number of records before any filter. */
  rawCount: number;
  /** The last record that was extracted, before filter and transformations; for pagination by the last record. */
  lastRaw: RecordData | undefined;
}

/** Extracts, filters, transforms and normalises the records of decoded bodies. */
export interface RecordSelector {
  select(bodies: unknown[], scope: Scope, options: { signal: AbortSignal; keep?: (record: RecordData) => boolean }): Promise<Selection>;
}
export const recordSelectorSlot = slot<RecordSelector>('record selector');

/** Decides whether a record stays. */
export interface RecordFilter {
  keeps(record: RecordData, scope: Scope): boolean;
}
export const recordFilterSlot = slot<RecordFilter>('record filter');

/** Brings records into the types of their schema. */
export interface SchemaNormalization {
  normalize(record: RecordData, schema: unknown): void;
}
export const schemaNormalizationSlot = slot<SchemaNormalization>('schema normalization');
