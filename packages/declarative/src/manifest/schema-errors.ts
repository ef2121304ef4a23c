import type { SchemaError } from './schema-validator.js';
import { isObject } from './tree.js';

/** One complaint after the alternatives of a union were weighed. */
export interface Finding {
  keyword: string;
  path: string[];
  params: Record<string, unknown>;
}

interface Entry extends Finding {
  pointer: string;
}

/**
 * The complaints worth saying. A value that fits no alternative of a union brings the complaints of all: where one
 * alternative is of the right kind, only its complaints count; where none is, they become one that names what was allowed.
 */
export function condense(errors: readonly SchemaError[], tree: unknown): Finding[] {
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
    entries.push(...weigh(entry, group, tree));
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

function weigh(union: Entry, group: Entry[], tree: unknown): Entry[] {
  const met = valueAt(tree, union.path);
  const isKind = (entry: Entry): boolean => isAboutKind(entry, union.pointer);
  const inside = group.filter((entry) => !isKind(entry));
  if (inside.length > 0) return inside;
  const allowed = { types: new Set<string>(), components: new Set<string>(), values: new Set<unknown>() };
  let expectsComponent = false;
  for (const { keyword, pointer, params } of group) {
    if (keyword === 'union') mergeAllowed(allowed, params);
    else if (keyword === 'type' && pointer === union.pointer)
      for (const type of typeList(params.type)) allowed.types.add(type);
    else if (pointer !== union.pointer || keyword === 'required') {
      expectsComponent = true;
      for (const type of componentTypes({ keyword, params })) allowed.components.add(type);
    } else for (const value of (params.allowedValues as unknown[]) ?? [params.allowedValue]) allowed.values.add(value);
  }
  if (expectsComponent && isObject(met)) allowed.types.delete('object');
  return [{ keyword: 'union', pointer: union.pointer, path: union.path, params: allowed }];
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

function mergeAllowed(allowed: Record<string, Set<unknown>>, params: Record<string, unknown>): void {
  for (const [name, values] of Object.entries(params))
    for (const value of values as Set<unknown>) allowed[name]?.add(value);
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
