import type { JsonObject } from '@tidemark/protocol';
import { stringify } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { ErrorObject } from 'ajv';

/**
 * Holds the configuration against the specification's JSON Schema. Throws one ConnectorError (config) that lists every
 * violation; values are never in it. A specification that is no usable schema refuses nothing: `log` says so.
 */
export async function checkConfig(
  config: JsonObject,
  specification: JsonObject,
  log: (message: string) => void,
): Promise<void> {
  const { Ajv } = await import('ajv');
  const ajv = new Ajv({
    allErrors: true,
    strict: false,
    validateFormats: false,
    validateSchema: false,
    logger: false,
    unicodeRegExp: false,
  });
  const { $schema: _, $id: __, ...schema } = specification;
  let validate: ReturnType<typeof ajv.compile>;
  try {
    validate = ajv.compile(schema);
  } catch (error) {
    log(
      `The specification of the configuration is not a usable JSON Schema (${(error as Error).message}): the configuration was not checked.`,
    );
    return;
  }
  if (validate(JSON.parse(stringify(config)))) return;
  const lines = [...new Set(relevant(validate.errors ?? []).map(sentence))];
  throw new ConnectorError(
    'config',
    `The configuration does not fit the specification:\n${lines.map((line) => `- ${line}`).join('\n')}`,
  );
}

/**
 * Of a choice (oneOf, anyOf) only what is wrong with the branch that was probably meant: the one whose constants agree. When
 * none is, the choice itself is what is wrong.
 */
function relevant(errors: ErrorObject[]): ErrorObject[] {
  const choices = errors.filter((error) => error.keyword === 'oneOf' || error.keyword === 'anyOf');
  const dropped = new Set<ErrorObject>();
  for (const choice of choices) {
    const inside = errors.filter((error) => error !== choice && error.schemaPath.startsWith(`${choice.schemaPath}/`));
    const branches = new Map<string, ErrorObject[]>();
    for (const error of inside) {
      const branch = error.schemaPath.slice(choice.schemaPath.length + 1).split('/')[0]!;
      branches.set(branch, [...(branches.get(branch) ?? []), error]);
    }
    const meant = [...branches.values()].filter((list) =>
      list.every((error) => error.keyword !== 'const' && error.keyword !== 'enum'),
    );
    if (meant.length === 1) dropped.add(choice);
    for (const error of inside) if (meant.length !== 1 || !meant[0]!.includes(error)) dropped.add(error);
  }
  return errors.filter((error) => !dropped.has(error));
}

function sentence(error: ErrorObject): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
  const subject = path === '' ? 'the configuration' : `'${path}'`;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required':
      return `${path === '' ? '' : `${subject}: `}'${params.missingProperty}' is missing`;
    case 'type':
      return `${subject} must be ${Array.isArray(params.type) ? params.type.join(' or ') : params.type}`;
    case 'enum':
      return `${subject} must be one of ${(params.allowedValues as unknown[]).map((value) => JSON.stringify(value)).join(', ')}`;
    case 'const':
      return `${subject} must be ${JSON.stringify(params.allowedValue)}`;
    case 'pattern':
      return `${subject} must match the pattern ${params.pattern}`;
    case 'additionalProperties':
      return `${subject} has the unknown field '${params.additionalProperty}'`;
    case 'oneOf':
    case 'anyOf':
      return `${subject} must be one of the kinds that the specification lists`;
    default:
      return `${subject} ${error.message ?? 'is wrong'}`;
  }
}
