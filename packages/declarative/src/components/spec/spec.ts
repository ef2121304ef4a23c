import { type ConnectorSpecification, canonical, type JsonObject } from '@tidemark/protocol';
import { component, field } from '../../component/index.js';
import { authFlowSlot, type ConfigNormalization, configNormalizationSlot, type Spec, specSlot } from './slot.js';

/** The word for what a user must configure. */
export const spec = component('Spec', {
  slot: specSlot,
  doc: 'What a user must configure, as JSON Schema, with what happens to a configuration before it is used.',
  fields: {
    connection_specification: field
      .object()
      .doc('The JSON Schema of the configuration. `airbyte_secret: true` marks secrets.'),
    documentation_url: field
      .string()
      .optional()
      .doc('Where the connector is documented.')
      .example('https://docs.example.com/sources/things'),
    advanced_auth: field.slot(authFlowSlot).optional().defaultType('AuthFlow').doc('How a user consents by OAuth.'),
    config_normalization_rules: field
      .lazy(configNormalizationSlot)
      .optional()
      .defaultType('ConfigNormalizationRules')
      .doc('Migrations, transformations and validations of the configuration.'),
  },
  examples: [
    {
      type: 'Spec',
      connection_specification: {
        type: 'object',
        required: ['api_key'],
        properties: { api_key: { type: 'string', title: 'API key', airbyte_secret: true } },
      },
    },
  ],
  build({ fields }): Spec {
    // Made when there is a configuration: `spec` needs no custom code.
    let made: ConfigNormalization | undefined;
    const rules = (): ConfigNormalization | undefined => {
      made ??= fields.config_normalization_rules?.();
      return made;
    };
    const specification: ConnectorSpecification = { connectionSpecification: fields.connection_specification };
    if (fields.documentation_url) specification.documentationUrl = fields.documentation_url;
    if (fields.advanced_auth) specification.advanced_auth = fields.advanced_auth.advancedAuth;
    return {
      specification,
      migrate(config: JsonObject): boolean {
        const before = canonical(config);
        for (const migration of rules()?.migrations ?? [])
          for (const step of migration.transformations) step.transform(config);
        return canonical(config) !== before;
      },
      transform(config: JsonObject): void {
        for (const step of rules()?.transformations ?? []) step.transform(config);
      },
      async validate(config: JsonObject): Promise<void> {
        for (const rule of rules()?.validations ?? []) await rule.validate(config);
      },
    };
  },
});
