import type { Json } from '@tidemark/protocol';
import type { CheckContext, Say } from './check-context.js';
import { type Allowed, condense, type Finding, typeList, valueAt } from './schema-errors.js';
import { sayMissing, sayUnknownField } from './schema-fields.js';
import type { SchemaValidator } from './schema-validator.js';
import { nearest } from './suggestion.js';
import { isObject, own } from './tree.js';
import { describe, either, kindOf, list } from './words.js';

/** Says what the JSON Schema of the language finds wrong: an unknown field is a warning, all else is an error. */
export function checkSchema(context: CheckContext, validator: SchemaValidator): void {
  const findings = condense(validator(context.tree));
  const explained = new Set<string | undefined>();
  for (const finding of findings) {
    if (finding.keyword !== 'required') continue;
    if (finding.params.missingProperty === 'type') sayNoType(context, finding.path, []);
    else explained.add(sayMissing(context, finding));
  }
  for (const finding of findings) {
    const { path, keyword, params } = finding;
    if (keyword === 'required') continue;
    if (keyword === 'additionalProperties') {
      if (!explained.has([...path, String(params.additionalProperty)].join('/'))) sayUnknownField(context, finding);
    } else if (path.at(-1) === 'type' && (keyword === 'enum' || keyword === 'const')) {
      sayWrongType(context, path.slice(0, -1), valuesOf(finding));
    } else sayWrongValue(context, finding);
  }
}

function valuesOf({ keyword, params }: Finding): unknown[] {
  return keyword === 'const' ? [params.allowedValue] : ((params.allowedValues as unknown[] | undefined) ?? []);
}

function sayNoType(context: CheckContext, path: readonly string[], allowed: string[]): void {
  const choice = allowed.length === 0 ? '' : `: ${either(allowed)}`;
  context.say(path, 'missing-type', `the component ${placeName(path)} needs a 'type'${choice}`);
}

function sayWrongType(context: CheckContext, path: readonly string[], allowed: unknown[]): void {
  const node = valueAt(context.tree, path);
  const type = isObject(node) ? own(node, 'type') : undefined;
  const names = allowed.filter((name): name is string => typeof name === 'string');
  if (typeof type !== 'string') {
    sayNoType(context, path, names);
    return;
  }
  const isWord = context.vocabulary.words.has(type);
  const message = isWord
    ? `a ${type} cannot stand ${placeName(path)}; allowed: ${list(names)}`
    : `unknown component type '${type}' ${placeName(path)} (allowed: ${list(names)})`;
  context.say([...path, 'type'], isWord ? 'wrong-type' : 'unknown-type', message, suggest(type, names));
}

function sayWrongValue(context: CheckContext, finding: Finding): void {
  const { path, keyword, params } = finding;
  const value = valueAt(context.tree, path) as Json | undefined;
  if (keyword === 'union') {
    sayNoneFits(context, path, value, params.allowed as Allowed);
  } else if (keyword === 'type') {
    const isSlot = isSlotAt(context, path);
    const types = typeList(params.type);
    const kinds = types
      .filter((type) => type !== 'null' || types.length === 1)
      .map((type) => (type === 'object' && isSlot ? 'a component' : kindOf(type)));
    sayMust(context, path, value, `must be ${either(kinds)}`, suggest(value, []));
  } else if (keyword === 'enum' || keyword === 'const') {
    const values = valuesOf(finding);
    sayMust(context, path, value, `must be ${either(values.map(quote))}`, suggest(value, values));
  } else {
    sayMust(context, path, value, LIMITS[keyword]?.(params) ?? 'is not allowed here');
  }
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

function sayNoneFits(context: CheckContext, path: readonly string[], value: Json | undefined, allowed: Allowed): void {
  const { components, values } = allowed;
  const isSlot = allowed.isSlot || isSlotAt(context, path);
  const others = [...allowed.types].filter((type) => type !== 'null' && !(type === 'object' && isSlot));
  if (isObject(value) && isSlot && others.length === 0) {
    if (components.size > 0) sayWrongType(context, path, [...components]);
    else sayNoType(context, path, []);
    return;
  }
  const kinds = others.filter((type) => type !== 'integer' || !allowed.types.has('number')).map(kindOf);
  const component = components.size > 0 ? `a component (${either(components)})` : 'a component';
  const all = [...[...values].map(quote), ...kinds, ...(isSlot ? [component] : [])];
  sayMust(context, path, value, `must be ${either(all)}`, suggest(value, [...values]));
}

/** `'name' must be …, and this is …`, at the line of the name where the value only begins on a later one. */
function sayMust(
  context: CheckContext,
  path: readonly string[],
  value: Json | undefined,
  rule: string,
  options: Say = {},
): void {
  const { positions, tree } = context;
  const isBelow = positions.locate(tree, path, 'key').at.line !== positions.locate(tree, path).at.line;
  const name = path.length === 0 ? 'the manifest' : `'${fieldName(path)}'`;
  const written = isObject(value) && !positions.isWritten(value, 'type') ? 'a mapping' : describe(value);
  context.say(path, 'wrong-value', `${name} ${rule}, and this is ${written}`, { ...options, atKey: isBelow });
}

/** True where the language has a component. */
function isSlotAt(context: CheckContext, path: readonly string[]): boolean {
  const at = path.findLastIndex((part) => !/^\d+$/.test(part));
  const parent = valueAt(context.tree, path.slice(0, Math.max(0, at)));
  const type = isObject(parent) ? own(parent, 'type') : undefined;
  return typeof type === 'string' && context.vocabulary.words.get(type)?.slots?.has(path[at] ?? '') === true;
}

function quote(value: unknown): string {
  return JSON.stringify(value) ?? '';
}

function suggest(value: unknown, allowed: readonly unknown[]): Say {
  if (typeof value !== 'string') return {};
  const old = /^\*ref\(([\w.]+)\)$/.exec(value)?.[1];
  if (old !== undefined) return { suggestion: `#/${old.replaceAll('.', '/')}` };
  const names = allowed.filter((name): name is string => typeof name === 'string');
  const suggestion = nearest(value, names);
  return suggestion === undefined ? {} : { suggestion };
}

function placeName(path: readonly string[]): string {
  return path.length === 0 ? 'at the root' : `in '${fieldName(path)}'`;
}

/** The last name on a path; an entry of a list goes by the list's name. */
function fieldName(path: readonly string[]): string {
  return path.findLast((part) => !/^\d+$/.test(part)) ?? '';
}
