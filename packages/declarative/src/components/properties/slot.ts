import type { JsonObject } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { slot } from '../../component/slot.js';

/** Which properties a request asks the API for. */
export interface QueryProperties {
  /**
   * The properties of each request of a page: one list, or several where the API takes only so many at a time.
   * `schema` is that of the catalog, with the fields that the user wants; absent: all of them.
   */
  chunks(schema: JsonObject | undefined, signal: AbortSignal): Promise<readonly (readonly string[])[]>;
  /** What the parts of one record have in common; undefined for a record that is no part of another. */
  mergeKey(record: RecordData): string | undefined;
}
export const queryPropertiesSlot = slot<QueryProperties>('query properties');

/** Knows the properties that the API has. */
export interface PropertySource {
  properties(signal: AbortSignal): Promise<readonly string[]>;
}
export const propertySourceSlot = slot<PropertySource>('property source');

/** Cuts the properties into lists that the API takes. */
export interface PropertyChunks {
  /** At least one list; `always` is in each. `wanted` leaves out others. */
  cut(properties: readonly string[], always: readonly string[], wanted: ReadonlySet<string> | undefined): string[][];
  readonly mergeKey: (record: RecordData) => string | undefined;
}
export const propertyChunksSlot = slot<PropertyChunks>('property chunking');

/** Finds the parts of one record among the answers to several requests. */
export interface RecordMerge {
  key(record: RecordData): string | undefined;
}
export const recordMergeSlot = slot<RecordMerge>('record merge strategy');

/** Chooses properties by the catalog's schema. */
export interface PropertySelector {
  select(schema: JsonObject): ReadonlySet<string>;
}
export const propertySelectorSlot = slot<PropertySelector>('property selector');
