import type { JsonObject } from '@tidemark/protocol';
import { component } from '../../component/index.js';
import { type StateMigration, stateMigrationSlot } from './state-migration-slot.js';

/** From `{ [partition]: { [cursor field]: value } }` to a list of partitions with their cursors. */
export const legacyToPerPartitionStateMigration = component('LegacyToPerPartitionStateMigration', {
  slot: stateMigrationSlot,
  doc: "Brings a state that has partition values for keys (`{ '13': { updated_at: … } }`) into the form of partitioned streams.",
  fields: {},
  examples: [{ type: 'LegacyToPerPartitionStateMigration' }],
  build(): StateMigration {
    return {
      shouldMigrate(state, stream) {
        if (state.states !== undefined || stream?.partitionFields?.length !== 1) return false;
        const entries = Object.values(state);
        return entries.length > 0 && entries.every((entry) => isCursorOf(entry, stream.cursorField));
      },
      migrate(state, stream) {
        const key = stream?.partitionFields?.[0] ?? '';
        return {
          states: Object.entries(state).map(([value, cursor]) => ({
            partition: { [key]: value },
            cursor: cursor as JsonObject,
          })),
        };
      },
    };
  },
});

function isCursorOf(entry: unknown, cursorField: string | undefined): boolean {
  if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return false;
  const keys = Object.keys(entry);
  return keys.length === 1 && keys[0] === cursorField;
}
