import { makeCustom } from '../../component/custom.js';
import { component, field } from '../../component/index.js';
import { type StateMigration, stateMigrationSlot } from './state-migration-slot.js';

/** A migration of the author's own code. */
export const customStateMigration = component('CustomStateMigration', {
  slot: stateMigrationSlot,
  doc: "A state migration of the connector's own code.",
  fields: {
    class_name: field
      .string()
      .doc('Names the class or function that makes the migration.')
      .example('source_example.components.Migration'),
  },
  examples: [{ type: 'CustomStateMigration', class_name: 'source_example.components.Migration' }],
  open: true,
  build: ({ raw, parameters, context }): StateMigration =>
    makeCustom<StateMigration>({ fields: raw, parameters, context }),
});
