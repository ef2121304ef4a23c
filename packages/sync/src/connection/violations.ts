import type { ErrorObject } from 'ajv';
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
  const validate = new Ajv({ allErrors: true, strict: false, verbose: true }).compile(connectionSchema);
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

/** The known name that differs least, when it differs little. */
function closest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: distance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(1, Math.floor(name.length / 3)) ? best.candidate : undefined;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
