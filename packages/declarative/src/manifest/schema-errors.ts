import type { SchemaError } from './schema-validator.js';

/** One complaint after the alternatives of a union were weighed. */
export interface Finding {
  keyword: string;
  path: string[];
  params: Record<string, unknown>;
}

/** What the alternatives of a union would have taken; the `params.allowed` of a `union` finding. */
export interface Allowed {
  /** JSON types. */
  types: Set<string>;
  /** Component types. */
  components: Set<string>;
  values: Set<unknown>;
  /** True when one alternative is a component. */
  isSlot: boolean;
}

interface Entry extends Finding {
  pointer: string;
}

/**
 * The complaints worth saying. A value that fits no alternative of a union brings the complaints of all: where one
 * alternative is of the right kind, only its complaints count; where none is, they become one that names what was allowed.
 */
export function condense(errors: readonly SchemaError[]): Finding[] {
  const entries: Entry[] = [];
  for (const { keyword, instancePath, params } of errors) {
    if (keyword === 'if') continue;
    const entry = { keyword, params, pointer: instancePath, path: fromPointer(instancePath) };
    if (keyword !== 'anyOf' && keyword !== 'oneOf') {
      entries.push(entry);
      continue;
    }
    const group: Entry[] = [];
    while (entries.length > 0 && isAtOrBelow((entries.at(-1) as Entry).pointer, instancePath))
      group.unshift(entries.pop() as Entry);
    entries.push(...weigh(entry, group));
  }
  return entries;
}

function fromPointer(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function isAtOrBelow(pointer: string, ancestor: string): boolean {
  return pointer === ancestor || pointer.startsWith(`${ancestor}/`);
}

function weigh(union: Entry, group: Entry[]): Entry[] {
  const isKind = (entry: Entry): boolean => isAboutKind(entry, union.pointer);
  const inside = group.filter((entry) => !isKind(entry));
  if (inside.length > 0) return inside;
  const allowed: Allowed = { types: new Set(), components: new Set(), values: new Set(), isSlot: false };
  for (const { keyword, pointer, params } of group) {
    if (keyword === 'union') mergeAllowed(allowed, params.allowed as Allowed);
    else if (keyword === 'type' && pointer === union.pointer)
      for (const type of typeList(params.type)) allowed.types.add(type);
    else if (pointer !== union.pointer || keyword === 'required') {
      allowed.isSlot = true;
      for (const type of componentTypes({ keyword, params })) allowed.components.add(type);
    } else for (const value of (params.allowedValues as unknown[]) ?? [params.allowedValue]) allowed.values.add(value);
  }
  return [{ keyword: 'union', pointer: union.pointer, path: union.path, params: { allowed } }];
}

/** True for a complaint that the value is not of this alternative's kind at all. */
function isAboutKind(entry: Entry, pointer: string): boolean {
  if (entry.pointer === pointer) {
    return (
      ['type', 'enum', 'const', 'union'].includes(entry.keyword) ||
      (entry.keyword === 'required' && entry.params.missingProperty === 'type')
    );
  }
  return entry.pointer === `${pointer}/type` && ['type', 'enum', 'const'].includes(entry.keyword);
}

function mergeAllowed(allowed: Allowed, inner: Allowed): void {
  for (const type of inner.types) allowed.types.add(type);
  for (const type of inner.components) allowed.components.add(type);
  for (const value of inner.values) allowed.values.add(value);
  allowed.isSlot ||= inner.isSlot;
}

function componentTypes({ keyword, params }: Pick<Finding, 'keyword' | 'params'>): string[] {
  if (keyword === 'enum') return params.allowedValues as string[];
  return keyword === 'const' ? [params.allowedValue as string] : [];
}

/** The JSON types that a `type` complaint names. */
export function typeList(type: unknown): string[] {
  return Array.isArray(type) ? type : String(type).split(',');
}

/** The value at a path; undefined where the path leads nowhere. */
export function valueAt(tree: unknown, path: readonly string[]): unknown {
  let node: unknown = tree;
  for (const key of path) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return undefined;
    node = (node as Record<string, unknown>)[key];
  }
  return node;
}
