import { Decimal } from '@tidemark/protocol';
import type { SchemaError, SchemaValidator } from './schema-validator.js';

/** The part of JSON Schema that the language's own schema is written in. */
interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: readonly unknown[];
  anyOf?: readonly Schema[];
  allOf?: readonly Schema[];
  if?: Schema;
  then?: Schema;
  items?: Schema;
  required?: readonly string[];
  properties?: Readonly<Record<string, Schema>>;
  additionalProperties?: boolean | Schema;
}

/** What this reads; any other keyword must not change what is valid. */
export const KEYWORDS_READ: ReadonlySet<string> = new Set([
  ...['$ref', 'type', 'const', 'enum', 'anyOf', 'allOf', 'if', 'then', 'items'],
  ...['required', 'properties', 'additionalProperties'],
]);

type Tree = Record<string, unknown>;

/**
 * A validator that walks a schema as it stands, for schemas that name only the keywords of `KEYWORDS_READ` and `$ref` into
 * their own `definitions`. It says what ajv says, in ajv's order. A validator that ajv generates for the whole language is
 * over a megabyte of code, and loading that took a fifth of `tidemark spec`.
 */
export function interpretSchema(schema: object): SchemaValidator {
  const root = schema as Schema & { definitions?: Record<string, Schema> };
  const resolve = (reference: string): Schema => root.definitions?.[reference.slice('#/definitions/'.length)] ?? {};
  return (tree) => {
    const errors: SchemaError[] = [];
    check(root, tree, { path: '', errors, resolve });
    return errors;
  };
}

interface Walk {
  readonly path: string;
  readonly errors: SchemaError[];
  readonly resolve: (reference: string) => Schema;
}

function check(named: Schema, value: unknown, walk: Walk): void {
  const schema = named.$ref === undefined ? named : walk.resolve(named.$ref);
  const kinds = typesOf(value);
  const types = typeof schema.type === 'string' ? [schema.type] : schema.type;
  if (types && !types.some((type) => kinds.includes(type))) report(walk, 'type', { type: schema.type });
  checkValue(schema, value, walk);
  if (Array.isArray(value)) checkItems(schema, value, walk);
  else if (kinds.includes('object')) checkFields(schema, value as Tree, walk);
}

function checkValue(schema: Schema, value: unknown, walk: Walk): void {
  if (schema.const !== undefined && schema.const !== value) report(walk, 'const', { allowedValue: schema.const });
  if (schema.enum && !schema.enum.includes(value)) report(walk, 'enum', { allowedValues: schema.enum });
  if (schema.anyOf) checkAlternatives(schema.anyOf, value, walk);
  for (const part of schema.allOf ?? []) check(part, value, walk);
  if (schema.if && schema.then && fits(schema.if, value, walk)) check(schema.then, value, walk);
}

/** What is wrong with each alternative, and that none fits; nothing when one does. */
function checkAlternatives(alternatives: readonly Schema[], value: unknown, walk: Walk): void {
  const before = walk.errors.length;
  for (const alternative of alternatives) {
    const own = walk.errors.length;
    check(alternative, value, walk);
    if (walk.errors.length === own) {
      walk.errors.length = before;
      return;
    }
  }
  report(walk, 'anyOf', {});
}

function fits(schema: Schema, value: unknown, walk: Walk): boolean {
  const errors: SchemaError[] = [];
  check(schema, value, { ...walk, errors });
  return errors.length === 0;
}

function checkItems(schema: Schema, list: readonly unknown[], walk: Walk): void {
  if (!schema.items) return;
  for (const [index, item] of list.entries()) check(schema.items, item, { ...walk, path: `${walk.path}/${index}` });
}

function checkFields(schema: Schema, tree: Tree, walk: Walk): void {
  const { properties = {}, additionalProperties: others = true } = schema;
  for (const name of schema.required ?? []) {
    if (field(tree, name) === undefined) report(walk, 'required', { missingProperty: name });
  }
  if (others !== true) {
    for (const name of Object.keys(tree)) {
      if (Object.hasOwn(properties, name)) continue;
      if (others === false) report(walk, 'additionalProperties', { additionalProperty: name });
      else check(others, tree[name], below(walk, name));
    }
  }
  for (const [name, inner] of Object.entries(properties)) {
    const value = field(tree, name);
    if (value !== undefined) check(inner, value, below(walk, name));
  }
}

const field = (tree: Tree, name: string): unknown => (Object.hasOwn(tree, name) ? tree[name] : undefined);

function below(walk: Walk, name: string): Walk {
  return { ...walk, path: `${walk.path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}` };
}

function report({ path, errors }: Walk, keyword: string, params: Record<string, unknown>): void {
  errors.push({ keyword, instancePath: path, params });
}

/** The names of a value's types; an integer is a number too, also beyond what a double can hold. */
function typesOf(value: unknown): readonly string[] {
  if (value === null) return ['null'];
  if (Array.isArray(value)) return ['array'];
  if (typeof value === 'bigint') return ['integer', 'number'];
  if (typeof value === 'number') return Number.isInteger(value) ? ['integer', 'number'] : ['number'];
  return Decimal.is(value) ? ['number'] : [typeof value];
}
