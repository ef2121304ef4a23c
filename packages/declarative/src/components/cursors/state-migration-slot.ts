import type { JsonObject } from '@tidemark/protocol';
import { slot } from '../../component/slot.js';

/** Brings a state of an older version of a connector into the form of this one. */
export interface StateMigration {
  shouldMigrate(state: JsonObject): boolean;
  migrate(state: JsonObject): JsonObject;
}
export const stateMigrationSlot = slot<StateMigration>('state migration');
