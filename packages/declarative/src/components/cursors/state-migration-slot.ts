import type { JsonObject } from '@tidemark/protocol';
import { slot } from '../../component/slot.js';

/** What a migration may need to know of the stream whose state it is. */
export interface MigratedStream {
  readonly cursorField: string | undefined;
  /** The keys of the stream's partitions, one for each parent; undefined when there are none or nobody knows them. */
  readonly partitionFields: readonly string[] | undefined;
}

/** Brings a state of an older version of a connector into the form of this one. */
export interface StateMigration {
  shouldMigrate(state: JsonObject, stream?: MigratedStream): boolean;
  migrate(state: JsonObject, stream?: MigratedStream): JsonObject;
}
export const stateMigrationSlot = slot<StateMigration>('state migration');
