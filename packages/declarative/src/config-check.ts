import { type JsonObject, stringify } from '@tidemark/protocol';
import { ConnectorError, type RunContext } from '@tidemark/source';
import type { ErrorObject } from 'ajv';
import { compileConfigSchema, sentenceOf } from './components/spec/json-schema-check.js';

/**
 * Holds the configuration against the specification's JSON Schema. Throws one ConnectorError (config) that lists every
 * violation; values are never in it. A specification that is no usable schema refuses nothing: the log says so.
 */
export async function checkConfig(
  config: JsonObject,
  specification: JsonObject,
  log: RunContext['log'],
): Promise<void> {
  let validate: Awaited<ReturnType<typeof compileConfigSchema>>;
  try {
    validate = await compileConfigSchema(specification);
  } catch (error) {
    log('WARN', `The configuration was not checked. ${(error as Error).message}`);
    return;
  }
  // The validator knows no bigint and no Decimal.
  if (validate(JSON.parse(stringify(config)))) return;
  const errors = relevant(validate.errors ?? []);
  const lines = [...new Set(errors.map(sentenceOf))];
  if (errors.every((error) => isOfForm(error, config))) {
    for (const line of lines) log('WARN', `The configuration: ${line}`);
    return;
  }
  const list = lines.map((line) => `- ${line}`).join('\n');
  throw new ConnectorError('config', `The configuration does not fit the specification:\n${list}`);
}

/**
 * A matter of form: text that does not look as expected, or a number written as text. Templates make the same request of
 * it, so the API decides; published specifications have patterns that valid credentials break.
 */
function isOfForm(error: ErrorObject, config: JsonObject): boolean {
  if (error.keyword === 'pattern' || error.keyword === 'format') return true;
  if (error.keyword !== 'type') return false;
  const path = error.instancePath.split('/').slice(1);
  const value = path.reduce<unknown>(
    (at, key) => (at as Record<string, unknown> | undefined)?.[unescapePointer(key)],
    config,
  );
  const types: unknown[] = [error.params.type].flat();
  const isNumber = types.includes('number') ? /^-?\d+(\.\d+)?$/ : types.includes('integer') ? /^-?\d+$/ : undefined;
  return typeof value === 'string' && isNumber !== undefined && isNumber.test(value);
}

function unescapePointer(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~');
}

/**
 * Of a choice (oneOf, anyOf) only what is wrong with the branch that was probably meant: the one whose constants agree. When
 * none is, the choice itself is what is wrong.
 */
function relevant(errors: ErrorObject[]): ErrorObject[] {
  const choices = errors.filter((error) => error.keyword === 'oneOf' || error.keyword === 'anyOf');
  const dropped = new Set<ErrorObject>();
  for (const choice of choices) {
    const inside = errors.filter((error) => error.schemaPath.startsWith(`${choice.schemaPath}/`));
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
