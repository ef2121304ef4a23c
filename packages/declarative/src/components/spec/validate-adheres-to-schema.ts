import { type Json, type JsonObject, parseJson, stringify } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { component, type Expression, field } from '../../component/index.js';
import { compileConfigSchema, sentenceOf } from './json-schema-check.js';
import { type ValidationStrategy, validationStrategySlot } from './slot.js';

export const validateAdheresToSchema = component('ValidateAdheresToSchema', {
  slot: validationStrategySlot,
  doc: 'The value must fit a JSON Schema. A text is read as JSON first.',
  fields: {
    base_schema: field
      .either(field.object(), field.template())
      .doc('The schema: an object, its JSON text, or a template that gives one of the two.')
      .example({ type: 'array', items: { type: 'string' } }, "{{ config['report_schema'] }}"),
  },
  examples: [{ type: 'ValidateAdheresToSchema', base_schema: { type: 'object', required: ['id'] } }],
  build({ fields }): ValidationStrategy {
    const given = fields.base_schema;
    return {
      async validate(value, what) {
        const instance = typeof value === 'string' ? parsed(value, what) : value;
        const validate = await compileConfigSchema(schemaOf(given));
        if (validate(JSON.parse(stringify(instance ?? null)))) return;
        const lines = (validate.errors ?? []).map(sentenceOf);
        throw new ConnectorError(
          'config',
          `${what[0]!.toUpperCase()}${what.slice(1)} does not fit its schema: ${[...new Set(lines)].join('; ')}.`,
        );
      },
    };
  },
});

function parsed(text: string, what: string): Json {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new ConnectorError('config', `${what[0]!.toUpperCase()}${what.slice(1)} must be JSON text.`, { cause });
  }
}

function schemaOf(given: JsonObject | Expression): JsonObject {
  const value = typeof given.evaluate === 'function' ? (given as Expression).evaluate() : given;
  const schema = typeof value === 'string' ? parsed(value, 'the base_schema') : (value as Json);
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    throw new ConnectorError('config', 'The base_schema of ValidateAdheresToSchema must be a JSON Schema (an object).');
  }
  return schema as JsonObject;
}
