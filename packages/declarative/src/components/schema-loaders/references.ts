import { Decimal, type Json, type JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';

const DEPTH_MAX = 64;
/** References that refer to references multiply. The largest published schemas have some ten thousand nodes. */
const NODES_MAX = 200_000;

/**
 * A schema with every `$ref` replaced by what it refers to: in the same document (`#/definitions/x`) or in another file
 * (`file.json#/definitions/x`), which `read` gives. `definitions` are left out of the result. Throws ConnectorError (config)
 * for references that lead nowhere or in a circle, or multiply without end.
 */
export function resolveReferences(schema: JsonObject, read: (file: string) => JsonObject): JsonObject {
  const files = new Map<string, JsonObject>();
  const document = (file: string, here: JsonObject): JsonObject => {
    if (file === '') return here;
    const known = files.get(file);
    if (known) return known;
    const loaded = read(file);
    files.set(file, loaded);
    return loaded;
  };
  let nodes = 0;
  const resolve = (node: Json | undefined, here: JsonObject, depth: number): Json | undefined => {
    if (depth > DEPTH_MAX) throw new ConnectorError('config', 'A schema refers to itself in a circle.');
    if (++nodes > NODES_MAX)
      throw new ConnectorError('config', `A schema's references make more than ${NODES_MAX} nodes.`);
    if (Array.isArray(node)) return node.map((item) => resolve(item, here, depth + 1) as Json);
    if (typeof node !== 'object' || node === null || Decimal.is(node)) return node;
    if (typeof node.$ref === 'string') {
      const [file = '', pointer = ''] = node.$ref.split('#', 2);
      const target = document(file, here);
      return withoutDefinitions(resolve(lookUp(target, pointer, node.$ref), target, depth + 1));
    }
    const copy: JsonObject = {};
    for (const [key, value] of Object.entries(node)) {
      if (key === 'definitions' && node === here) continue;
      Object.defineProperty(copy, key, {
        value: resolve(value, here, depth + 1),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    return copy;
  };
  return resolve(schema, schema, 0) as JsonObject;
}

function withoutDefinitions(node: Json | undefined): Json | undefined {
  if (typeof node !== 'object' || node === null || Array.isArray(node) || Decimal.is(node) || !('definitions' in node))
    return node;
  const { definitions: _, ...rest } = node;
  return rest;
}

function lookUp(root: JsonObject, pointer: string, reference: string): Json {
  let node: Json | undefined = root;
  for (const part of pointer.split('/').slice(1)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    node =
      typeof node === 'object' && node !== null && Object.hasOwn(node, key) ? (node as JsonObject)[key] : undefined;
  }
  if (node === undefined) throw new ConnectorError('config', `A schema refers to ${reference}, which is not there.`);
  return node;
}
