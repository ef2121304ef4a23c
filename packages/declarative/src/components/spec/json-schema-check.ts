import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { compilePattern, type Pattern } from '../../http/pattern.js';

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
      code: { regExp: boundedRegExp },
    }).compile(rest);
  } catch (cause) {
    throw new ConnectorError('config', `A schema in the manifest's spec cannot be used: ${(cause as Error).message}.`, {
      cause,
    });
  }
}

/**
 * The patterns of a schema come from the manifest, the texts from a configuration: matching them must take bounded time.
 * A pattern that is none in this dialect, or takes too long, refuses nothing.
 */
function boundedRegExp(source: string): RegExpLike {
  let pattern: Pattern | undefined;
  try {
    pattern = compilePattern(source, 'a schema');
  } catch {
    pattern = undefined;
  }
  const test = (text: string): boolean => {
    try {
      return pattern === undefined || pattern.find(text) !== undefined;
    } catch {
      return true;
    }
  };
  // The name is the key under which the compiled schema keeps it.
  return { test, toString: () => `/${source}/` };
}
boundedRegExp.code = 'boundedRegExp';

interface RegExpLike {
  test(text: string): boolean;
  toString(): string;
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
