import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { ErrorObject, ValidateFunction } from 'ajv';

/**
 * Compiles a JSON Schema; ajv is imported now. Schemas of draft-04 to draft-07 are read as draft-07, others (and those that
 * name no draft) as 2020-12. Throws ConnectorError (config) when the schema cannot be used.
 */
export async function compileConfigSchema(schema: JsonObject): Promise<ValidateFunction> {
  const { $schema: draft, $id: _, ...rest } = schema;
  const isOld = typeof draft === 'string' && /draft-0[4-7]/.test(draft);
  const { Ajv } = isOld ? await import('ajv') : { Ajv: (await import('ajv/dist/2020.js')).Ajv2020 };
  try {
    return new Ajv({
      allErrors: true,
      strict: false,
      validateFormats: false,
      validateSchema: false,
      logger: false,
      unicodeRegExp: false,
    }).compile(rest);
  } catch (cause) {
    throw new ConnectorError('config', `A schema in the manifest's spec cannot be used: ${(cause as Error).message}.`, {
      cause,
    });
  }
}

/** One violation without any value in it: `'accounts.0.id' must be integer`. */
export function sentenceOf({ instancePath, params, keyword, message }: ErrorObject): string {
  const path = instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
  const facts = params as Record<string, unknown>;
  const subject = path === '' ? 'it' : `'${path}'`;
  if (keyword === 'required') return `${subject} must have '${facts.missingProperty}'`;
  if (keyword === 'additionalProperties') return `${subject} must not have '${facts.additionalProperty}'`;
  if (keyword === 'enum') return `${subject} must be one of ${JSON.stringify(facts.allowedValues)}`;
  if (keyword === 'const') return `${subject} must be ${JSON.stringify(facts.allowedValue)}`;
  return `${subject} ${message ?? 'is wrong'}`;
}
