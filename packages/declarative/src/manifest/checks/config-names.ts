import type { Json, JsonObject } from '@tidemark/protocol';
import { isObject, own } from '../tree.js';
import { child, each, hasCustomCode } from './stream-facts.js';

/** The fields that a configuration can have, by the spec; a field without entries may hold anything. */
export interface ConfigNames {
  names: ReadonlyMap<string, ConfigNames | undefined>;
}

/** What the manifest's spec knows of the configuration; undefined when anything may be in it. */
export function configNames(tree: JsonObject): ConfigNames | undefined {
  const spec = child(tree, 'spec');
  const schema = child(spec, 'connection_specification');
  const rules = own(spec ?? {}, 'config_normalization_rules');
  if (!schema || hasCustomCode(rules)) return undefined;
  const known = namesOf(schema);
  if (!known) return undefined;
  const names = new Map(known.names);
  for (const name of changedNames(rules)) names.set(name, undefined);
  return { names };
}

function namesOf(schema: JsonObject): ConfigNames | undefined {
  const names = new Map<string, ConfigNames | undefined>();
  for (const part of [schema, ...['oneOf', 'anyOf', 'allOf'].flatMap((word) => each(own(schema, word)))]) {
    const properties = child(part, 'properties');
    for (const name of Object.keys(properties ?? {})) {
      const property = child(properties, name);
      const inner = property && namesOf(property);
      const before = names.get(name);
      names.set(name, inner && before ? { names: new Map([...before.names, ...inner.names]) } : inner);
    }
  }
  return names.size === 0 ? undefined : { names };
}

/** The top-level fields that normalisation rules write. */
function changedNames(rules: Json | undefined): string[] {
  if (Array.isArray(rules)) return rules.flatMap(changedNames);
  if (!isObject(rules)) return [];
  const paths = [rules.path, rules.field_path].filter(Array.isArray).map((path) => path[0]);
  return [
    ...paths.filter((name): name is string => typeof name === 'string'),
    ...Object.values(rules).flatMap(changedNames),
  ];
}
