import type { Json, JsonObject } from '@tidemark/protocol';
import { isObject, own } from '../tree.js';

/** A text with a template in it: its value is only known at run time. */
export function isTemplate(value: unknown): boolean {
  return typeof value === 'string' && (value.includes('{{') || value.includes('{%'));
}

/** The value at a key when it is a text without templates. */
export function constantText(node: JsonObject, key: string): string | undefined {
  const value = own(node, key);
  return typeof value === 'string' && !isTemplate(value) ? value : undefined;
}

/** The component at a key. */
export function child(node: JsonObject | undefined, key: string): JsonObject | undefined {
  const value = node && own(node, key);
  return isObject(value) ? value : undefined;
}

/** A value, or the entries of a list of them. */
export function each(value: Json | undefined): JsonObject[] {
  return (Array.isArray(value) ? value : [value]).filter(isObject);
}

/** True when some text in the value (keys too) matches. */
export function mentions(value: Json | undefined, pattern: RegExp): boolean {
  if (typeof value === 'string') return pattern.test(value);
  if (Array.isArray(value)) return value.some((item) => mentions(item, pattern));
  if (!isObject(value)) return false;
  return Object.keys(value).some(
    (key) => key !== '$parameters' && (pattern.test(key) || mentions(value[key], pattern)),
  );
}

/** True when there is custom code somewhere in the value: what it does cannot be known. */
export function hasCustomCode(value: Json | undefined): boolean {
  if (Array.isArray(value)) return value.some(hasCustomCode);
  return isObject(value) && (Object.hasOwn(value, 'class_name') || Object.values(value).some(hasCustomCode));
}

/** The top-level names of a stream's schema when the manifest itself holds it whole; undefined when it is not known. */
export function schemaNames(stream: JsonObject): Set<string> | undefined {
  const loaders = each(own(stream, 'schema_loader'));
  const names = new Set<string>();
  for (const loader of loaders) {
    const schema = loader.type === 'InlineSchemaLoader' ? child(loader, 'schema') : undefined;
    const properties = child(schema, 'properties');
    if (!properties || Object.keys(properties).length === 0) return undefined;
    for (const name of Object.keys(properties)) names.add(name);
  }
  return loaders.length === 0 ? undefined : names;
}

/** The top-level names that a stream's transformations may add; undefined when that cannot be known. */
export function addedNames(stream: JsonObject): Set<string> | undefined {
  const names = new Set<string>();
  for (const transformation of each(own(stream, 'transformations'))) {
    if (transformation.type === 'RemoveFields') continue;
    if (transformation.type !== 'AddFields') return undefined;
    for (const field of each(own(transformation, 'fields'))) {
      const first = Array.isArray(field.path) ? field.path[0] : undefined;
      if (typeof first === 'string' && !isTemplate(first)) names.add(first);
      else return undefined;
    }
  }
  return names;
}

/** The partition routers of a stream, those inside others too. */
export function routers(value: Json | undefined): JsonObject[] {
  return each(value).flatMap((router) => [
    router,
    ...routers(own(router, 'partition_routers')),
    ...routers(own(router, 'underlying_partition_router')),
  ]);
}
