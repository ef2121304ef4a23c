import { Decimal, type Json, type JsonObject } from '@tidemark/protocol';
import { dialectByName, dialectNames } from './dialects.js';
import { databaseManifestSchema } from './manifest-schema.js';

/** Something in a manifest that its schema, or its dialect's configuration, does not allow. */
export interface ManifestProblem {
  readonly kind: 'missing-field' | 'unknown-field' | 'wrong-type' | 'wrong-value';
  /** Keys and list indices from the root to what is wrong; of a missing field to where it is missing. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** What was written, … */
  readonly met?: string;
  /** … and what could have been. */
  readonly allowed?: readonly string[];
}

/** Fields of a configuration that its schema does not offer, and every dialect or one takes. */
const TAKEN: Readonly<Record<string, JsonObject>> = {
  url: { type: 'string' },
  user: { type: 'string' },
  tunnel_method: { type: 'object' },
};
const OF_MONGODB: Readonly<Record<string, JsonObject>> = { connection_string: { type: 'string' } };

/** Everything that is wrong with a manifest of `type: DatabaseSource`, inside its `connection` too. No variable is looked up. */
export async function manifestProblems(tree: Json): Promise<ManifestProblem[]> {
  const problems = violations(tree, databaseManifestSchema(), []);
  const { dialect, connection } = isObject(tree) ? tree : {};
  if (!isObject(connection) || !dialectNames().some((name) => name === dialect)) return problems;
  const { connectionSchema } = await dialectByName(dialect as string);
  const properties = {
    ...TAKEN,
    ...(dialect === 'mongodb' ? OF_MONGODB : {}),
    ...(connectionSchema.properties as Record<string, JsonObject>),
  };
  const schema: JsonObject = { type: 'object', additionalProperties: false, properties };
  return [...problems, ...violations(connection, schema, ['connection'], true)];
}

/**
 * Everything in a tree that the schema does not allow. Knows the words that the schemas of this package use. `isConnection`:
 * null is nothing, a text may hold a variable, a number may be a text, and the case of words does not matter.
 */
function violations(
  value: Json | undefined,
  schema: JsonObject,
  path: ManifestProblem['path'],
  isConnection = false,
): ManifestProblem[] {
  if (isConnection && (value === null || (typeof value === 'string' && value.includes('${')))) return [];
  const where = path.length === 0 ? 'the manifest' : `'${textOf(path)}'`;
  const wanted = formOf(schema, value);
  const type = wanted.type as string;
  if (!isOfType(value, type) && !(isConnection && isNumberText(value, type)))
    return [
      { kind: 'wrong-type', path, message: `${where} must be ${type === 'array' ? 'a list' : `of type ${type}`}` },
    ];
  const problems: ManifestProblem[] = [];
  const allowed = wanted.enum as string[] | undefined;
  if (allowed && !allowed.includes(isConnection ? withoutCase(value as string, allowed) : (value as string))) {
    const message = `${where} must be one of ${allowed.join(', ')}`;
    problems.push({ kind: 'wrong-value', path, message, met: String(value), allowed });
  }
  const wrong = (message: string): void => void problems.push({ kind: 'wrong-value', path, message });
  if (typeof value === 'number') for (const each of outOfRange(value, wanted, where)) wrong(each);
  if (value === '' && wanted.minLength) wrong(`${where} must not be empty`);
  if (Array.isArray(value)) {
    if (value.length === 0 && wanted.minItems) wrong(`${where} must not be empty`);
    for (const [i, item] of value.entries())
      problems.push(...violations(item, wanted.items as JsonObject, [...path, i], isConnection));
  }
  if (isObject(value)) problems.push(...inObject(value, wanted, path, isConnection));
  return problems;
}

function inObject(
  value: JsonObject,
  schema: JsonObject,
  path: ManifestProblem['path'],
  isConnection: boolean,
): ManifestProblem[] {
  const known = (schema.properties ?? {}) as Record<string, JsonObject>;
  const where = path.length === 0 ? 'the manifest' : `'${textOf(path)}'`;
  const problems: ManifestProblem[] = [];
  for (const name of (schema.required ?? []) as string[]) {
    if (value[name] === undefined)
      problems.push({ kind: 'missing-field', path, message: `'${textOf([...path, name])}' is missing` });
  }
  // An object that says nothing of its fields takes any.
  const isClosed = schema.additionalProperties === false || (isConnection && schema.properties !== undefined);
  for (const [name, item] of Object.entries(value)) {
    const at = [...path, name];
    if (Object.hasOwn(known, name)) problems.push(...violations(item, known[name]!, at, isConnection));
    else if (isClosed) {
      const allowed = Object.keys(known);
      const message = `unknown field '${name}' in ${where} (has: ${allowed.join(', ')})`;
      const free = allowed.filter((each) => value[each] === undefined);
      problems.push({ kind: 'unknown-field', path: at, message, met: name, allowed: free });
    }
  }
  return problems;
}

/** The alternative that a value means: the one of its own type. */
function formOf(schema: JsonObject, value: Json | undefined): JsonObject {
  if (!Array.isArray(schema.oneOf)) return schema;
  const forms = schema.oneOf as JsonObject[];
  return forms.find((form) => isOfType(value, form.type as string)) ?? forms[0]!;
}

function outOfRange(value: number, schema: JsonObject, where: string): string[] {
  const problems: string[] = [];
  const { minimum, maximum, exclusiveMinimum } = schema;
  if (typeof minimum === 'number' && value < minimum) problems.push(`${where} must be ${minimum} or more`);
  if (typeof maximum === 'number' && value > maximum) problems.push(`${where} must be ${maximum} or less`);
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum)
    problems.push(`${where} must be more than ${exclusiveMinimum}`);
  return problems;
}

function isOfType(value: Json | undefined, type: string): boolean {
  switch (type) {
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function isNumberText(value: Json | undefined, type: string): boolean {
  return (type === 'integer' || type === 'number') && typeof value === 'string' && /^\d+$/.test(value);
}

function withoutCase(value: string, allowed: readonly string[]): string {
  return allowed.find((each) => each.toLowerCase() === value.toLowerCase()) ?? value;
}

/** A path as people write it: `streams[2].cursor`. */
function textOf(path: ManifestProblem['path']): string {
  return path.map((each, i) => (typeof each === 'number' ? `[${each}]` : i === 0 ? each : `.${each}`)).join('');
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Decimal.is(value);
}
