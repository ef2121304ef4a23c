import type { ErrorObject } from 'ajv';
import { closest } from './closest.js';
import { connectionSchema } from './schema.js';

/** Something that is wrong, and where. */
export interface Problem {
  path: (string | number)[];
  message: string;
  /** The key is what is wrong, not its value. */
  atKey?: boolean;
}

/** Everything in a tree that the schema of connection.yaml does not allow. */
export async function violations(tree: unknown): Promise<Problem[]> {
  const { Ajv } = await import('ajv');
  const validate = new Ajv({
    allErrors: true,
    strict: false,
    verbose: true,
    validateFormats: false,
    logger: false,
  }).compile(connectionSchema);
  if (validate(tree)) return [];
  const found = new Map<string, Problem>();
  for (const error of meant(validate.errors ?? [])) {
    const problem = problemOf(error);
    found.set(JSON.stringify([problem.path, problem.message]), problem);
  }
  return [...found.values()];
}

/**
 * Of a choice between a short form and an object, what is wrong with the form that was taken: the complaint that it is
 * not the other form, and that it is neither, say nothing.
 */
function meant(errors: ErrorObject[]): ErrorObject[] {
  const choices = errors.filter((error) => error.keyword === 'anyOf');
  const dropped = new Set<ErrorObject>();
  for (const choice of choices) {
    // Errors of two entries of a list have the same schema path: only those below the same value count.
    const inside = errors.filter(
      ({ schemaPath, instancePath }) =>
        schemaPath.startsWith(`${choice.schemaPath}/`) && `${instancePath}/`.startsWith(`${choice.instancePath}/`),
    );
    const mismatch = inside.filter((error) => error.keyword === 'type' && error.instancePath === choice.instancePath);
    const rest = inside.filter((error) => !mismatch.includes(error));
    for (const error of rest.length > 0 ? [choice, ...mismatch] : inside) dropped.add(error);
  }
  return errors.filter((error) => !dropped.has(error));
}

function problemOf(error: ErrorObject): Problem {
  const path = error.instancePath.split('/').slice(1).map(segment);
  const where = path.length === 0 ? 'the file' : `'${path.join('.')}'`;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required':
      return { path, message: `'${[...path, params.missingProperty].join('.')}' is missing` };
    case 'additionalProperties': {
      const name = String(params.additionalProperty);
      const known = Object.keys((error.parentSchema?.properties ?? {}) as object);
      const guess = closest(name, known);
      const hint = guess ? `. Did you mean '${guess}'?` : '';
      return {
        path: [...path, name],
        message: `unknown field '${name}' in ${where} (has: ${known.join(', ')})${hint}`,
        atKey: true,
      };
    }
    case 'type':
      return { path, message: `${where} must be ${params.type}` };
    case 'enum':
      return { path, message: `${where} must be one of ${(params.allowedValues as unknown[]).join(', ')}` };
    case 'minProperties':
    case 'maxProperties': {
      const known = Object.keys((error.parentSchema?.properties ?? {}) as object).join(', ');
      return { path, message: `${where} must name exactly one of: ${known}` };
    }
    case 'const':
      return { path, message: `${where} must be ${JSON.stringify(params.allowedValue)} or an object` };
    case 'anyOf':
      return { path, message: `${where} must be ${forms(error)}` };
    default:
      return { path, message: `${where} ${error.message ?? 'is wrong'}` };
  }
}

function forms(error: ErrorObject): string {
  return (error.schema as { type?: string }[]).map(({ type }) => type ?? 'another form').join(' or ');
}

function segment(text: string): string | number {
  const name = text.replaceAll('~1', '/').replaceAll('~0', '~');
  return /^\d+$/.test(name) ? Number(name) : name;
}
