import { component, field } from '../../component/index.js';
import { type ConfigMigration, configMigrationSlot, configTransformationSlot } from './slot.js';

export const configMigration = component('ConfigMigration', {
  slot: configMigrationSlot,
  doc: 'Brings a configuration of an earlier version up to date. It runs every time: its steps must leave a new configuration alone.',
  fields: {
    description: field.string().optional().doc('What the migration is for.'),
    transformations: field.list(field.slot(configTransformationSlot)).doc('The steps, in their order.'),
  },
  examples: [
    {
      type: 'ConfigMigration',
      description: 'The key moved into credentials.',
      transformations: [
        {
          type: 'ConfigAddFields',
          fields: [
            { type: 'AddedFieldDefinition', path: ['credentials', 'api_key'], value: "{{ config['api_key'] }}" },
          ],
          condition: "{{ config.get('api_key') and not config.get('credentials') }}",
        },
        { type: 'ConfigRemoveFields', field_pointers: [['api_key']] },
      ],
    },
  ],
  build: ({ fields }): ConfigMigration => ({ transformations: fields.transformations }),
});
