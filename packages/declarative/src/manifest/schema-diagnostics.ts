import type { Json } from '@tidemark/protocol';
import type { CheckContext } from './check-context.js';
import { condense, type Finding, typeList, valueAt } from './schema-errors.js';
import type { SchemaValidator } from './schema-validator.js';
import { nearest } from './suggestion.js';
import { isObject, own } from './tree.js';
import { describe, either, kindOf, list } from './words.js';

/** Says what the JSON Schema of the language finds wrong: an unknown field is a warning, all else is an error. */
export function checkSchema(context: CheckContext, validator: SchemaValidator): void {
  for (const finding of condense(validator(context.tree), context.tree)) {
    const { path, keyword } = finding;
    if (keyword === 'additionalProperties') sayUnknownField(context, finding);
    else if (keyword === 'required') sayMissing(context, finding);
    else if (path.at(-1) === 'type' && (keyword === 'enum' || keyword === 'const'))
      sayUnknownType(context, finding, path.slice(0, -1), allowedOf(finding));
    else sayWrongValue(context, finding);
  }
}

function allowedOf({ keyword, params }: Finding): unknown[] {
  return keyword === 'const' ? [params.allowedValue] : ((params.allowedValues as unknown[] | undefined) ?? []);
}

function sayUnknownField(context: CheckContext, { path, params }: Finding): void {
  const node = valueAt(context.tree, path);
  const field = String(params.additionalProperty);
  if (!isObject(node) || !context.positions.isWritten(node, field)) return;
  const type = typeof node.type === 'string' ? node.type : undefined;
  const fields = [...(context.vocabulary.words.get(type ?? '')?.fields ?? [])].filter(
    (name) => name !== 'type' && name !== '$parameters',
  );
  const suggestion = nearest(
    field,
    fields.filter((name) => !Object.hasOwn(node, name)),
  );
  const home = suggestion === undefined ? homeOf(context, field, path) : '';
  const has = fields.length === 0 ? 'it takes none' : `has: ${list(fields)}`;
  const message = `unknown field '${field}' in ${type ?? 'this mapping'}${type === undefined ? '' : home === '' ? ` (${has})` : `; ${home}`}`;
  context.warn([...path, field], 'unknown-field', message, {
    atKey: true,
    ...(suggestion === undefined ? {} : { suggestion }),
  });
}

/** The component that the misplaced field would belong to: one above first, else the few that have it. */
function homeOf(context: CheckContext, field: string, path: readonly string[]): string {
  const { words } = context.vocabulary;
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const above = valueAt(context.tree, path.slice(0, depth));
    const type = isObject(above) ? own(above, 'type') : undefined;
    if (typeof type === 'string' && words.get(type)?.fields.has(field)) return `it is a field of the ${type} around it`;
  }
  const owners = [...words].filter(([, word]) => !word.open && word.fields.has(field)).map(([type]) => type);
  return owners.length > 0 && owners.length <= 4 ? `it is a field of ${either(owners)}` : '';
}

function sayMissing(context: CheckContext, { path, params }: Finding): void {
  const node = valueAt(context.tree, path);
  const field = String(params.missingProperty);
  const type = isObject(node) ? own(node, 'type') : undefined;
  if (field === 'type') {
    context.say(path, 'missing-type', "a component stands here and needs a 'type'");
    return;
  }
  const known = context.vocabulary.words.get(String(type))?.fields;
  const strangers = isObject(node) ? Object.keys(node).filter((key) => known && !known.has(key)) : [];
  const near = nearest(field, strangers);
  const hint = near === undefined ? '' : ` ('${near}' is something else)`;
  context.say(
    path,
    'missing-field',
    `${typeof type === 'string' ? type : 'this mapping'} needs the field '${field}'${hint}`,
  );
}

function sayUnknownType(context: CheckContext, _finding: Finding, path: readonly string[], allowed: unknown[]): void {
  const node = valueAt(context.tree, path);
  const type = isObject(node) ? own(node, 'type') : undefined;
  const at = isObject(node) && Object.hasOwn(node, 'type') ? [...path, 'type'] : path;
  const names = allowed.filter((name): name is string => typeof name === 'string');
  const where = path.length === 0 ? 'at the root' : `in '${fieldName(path)}'`;
  if (typeof type !== 'string') {
    context.say(at, 'missing-type', `a component ${where} needs a 'type': ${either(names)}`);
    return;
  }
  const suggestion = nearest(type, names);
  const isWord = context.vocabulary.words.has(type);
  const message = isWord
    ? `a ${type} cannot stand ${where}; allowed: ${list(names)}`
    : `unknown component type '${type}' ${where} (allowed: ${list(names)})`;
  context.say(at, isWord ? 'wrong-type' : 'unknown-type', message, suggestion === undefined ? {} : { suggestion });
}

function sayWrongValue(context: CheckContext, finding: Finding): void {
  const { path, keyword, params } = finding;
  const value = valueAt(context.tree, path) as Json | undefined;
  const name = `'${fieldName(path)}'`;
  if (keyword === 'union') {
    sayNoneFits(context, finding, value);
    return;
  }
  if (keyword === 'type') {
    context.say(
      path,
      'wrong-value',
      `${name} must be ${either(typeList(params.type).map(kindOf))}, and this is ${describe(value)}`,
    );
    return;
  }
  if (keyword === 'enum' || keyword === 'const') {
    const allowed = allowedOf(finding);
    const suggestion =
      typeof value === 'string'
        ? nearest(
            value,
            allowed.filter((item): item is string => typeof item === 'string'),
          )
        : undefined;
    const message = `${name} must be ${either(allowed.map((item) => JSON.stringify(item) ?? ''))}, and this is ${describe(value)}`;
    context.say(path, 'wrong-value', message, suggestion === undefined ? {} : { suggestion });
    return;
  }
  context.say(
    path,
    'wrong-value',
    `${name} ${LIMITS[keyword]?.(params) ?? 'is not allowed here'}, and this is ${describe(value)}`,
  );
}

const LIMITS: Readonly<Record<string, (params: Record<string, unknown>) => string>> = {
  minimum: ({ limit }) => `must be at least ${limit}`,
  maximum: ({ limit }) => `must be at most ${limit}`,
  exclusiveMinimum: ({ limit }) => `must be more than ${limit}`,
  exclusiveMaximum: ({ limit }) => `must be less than ${limit}`,
  minItems: ({ limit }) => `needs at least ${limit} entries`,
  maxItems: ({ limit }) => `takes at most ${limit} entries`,
  minLength: ({ limit }) => `must have at least ${limit} characters`,
  pattern: ({ pattern }) => `must match ${pattern}`,
};

function sayNoneFits(context: CheckContext, finding: Finding, value: Json | undefined): void {
  const { path, params } = finding;
  const { types, components, values } = params as { types: Set<string>; components: Set<string>; values: Set<unknown> };
  if (isObject(value) && components.size > 0) {
    sayUnknownType(context, finding, path, [...components]);
    return;
  }
  if (types.has('number')) types.delete('integer');
  const kinds = [...types].filter((type) => type !== 'null' && !(type === 'object' && components.size > 0)).map(kindOf);
  const allowed = [
    ...[...values].map((item) => JSON.stringify(item) ?? ''),
    ...kinds,
    ...(components.size > 0 ? [`a component (${either(components)})`] : []),
  ];
  const suggestion =
    typeof value === 'string'
      ? nearest(
          value,
          [...values].filter((item): item is string => typeof item === 'string'),
        )
      : undefined;
  const message = `'${fieldName(path)}' must be ${either(allowed)}, and this is ${describe(value)}`;
  context.say(path, 'wrong-value', message, suggestion === undefined ? {} : { suggestion });
}

/** The last name on a path; an entry of a list goes by the list's name. */
function fieldName(path: readonly string[]): string {
  return path.findLast((part) => !/^\d+$/.test(part)) ?? 'the manifest';
}
