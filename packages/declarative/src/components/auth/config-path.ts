import type { Json, JsonObject } from '@tidemark/protocol';

/** The value at a path in a configuration; undefined when it is not there. */
export function valueAt(config: JsonObject, path: readonly string[]): Json | undefined {
  let node: Json | undefined = config;
  for (const key of path) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return undefined;
    node = (node as JsonObject)[key];
  }
  return node;
}

/** Sets the value at a path, making the objects on the way. */
export function setValueAt(config: JsonObject, path: readonly string[], value: Json): void {
  let node = config;
  for (const key of path.slice(0, -1)) {
    const next = Object.hasOwn(node, key) ? node[key] : undefined;
    if (typeof next !== 'object' || next === null) define(node, key, {});
    node = node[key] as JsonObject;
  }
  const last = path.at(-1);
  if (last !== undefined) define(node, last, value);
}

function define(node: JsonObject, key: string, value: Json): void {
  Object.defineProperty(node, key, { value, writable: true, enumerable: true, configurable: true });
}
