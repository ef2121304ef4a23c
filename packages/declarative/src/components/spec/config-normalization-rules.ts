import { component, field } from '../../component/index.js';
import {
  type ConfigNormalization,
  configMigrationSlot,
  configNormalizationSlot,
  configTransformationSlot,
  configValidatorSlot,
} from './slot.js';

export const configNormalizationRules = component('ConfigNormalizationRules', {
  slot: configNormalizationSlot,
  doc: 'What happens to a configuration before it is used: first the migrations, then the transformations; the validations judge the result.',
  fields: {
    config_migrations: field
      .list(field.slot(configMigrationSlot).defaultType('ConfigMigration'))
      .default([])
      .doc(
        'Bring configurations of earlier versions up to date. Whoever runs the source is given the new configuration to keep.',
      ),
    transformations: field
      .list(field.slot(configTransformationSlot))
      .default([])
      .doc('Change the configuration for the run only; nothing of it is kept.'),
    validations: field
      .list(field.slot(configValidatorSlot))
      .default([])
      .doc('What must hold before any stream is read.'),
  },
  examples: [
    {
      type: 'ConfigNormalizationRules',
      transformations: [{ type: 'ConfigRemapField', field_path: ['region'], map: { 'Europe (old)': 'eu' } }],
    },
  ],
  build: ({ fields }): ConfigNormalization => ({
    migrations: fields.config_migrations,
    transformations: fields.transformations,
    validations: fields.validations,
  }),
});
