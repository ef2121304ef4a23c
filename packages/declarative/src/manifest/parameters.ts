import type { Json, JsonObject } from '@tidemark/protocol';
import type { Positions } from './positions.js';
import { isFalsy, isObject, own, put } from './tree.js';
import type { Vocabulary } from './vocabulary.js';

const PARAMETERS = '$parameters';
/** Parameters that are components multiply: each goes into all the others. The largest real manifest has 4,600 fields. */
const FIELDS_MAX = 200_000;
const DEPTH_MAX = 400;

/** Thrown where parameters would make a manifest without end. */
export class ParametersOverflow extends Error {
  readonly node: JsonObject;
  constructor(node: JsonObject) {
    super('the $parameters up to here make a manifest that is too large or too deep');
    this.node = node;
  }
}

/** How parameters go down. */
export interface PropagateOptions {
  /** `Parent.field` of the component, by which a missing `type` is found. */
  field?: string;
  /** True when the parameters from above win over a component's own (templates of dynamic streams). */
  parentWins?: boolean;
}

/**
 * Gives a component, and all that it holds, the default types and the parameters from above. The nearest `$parameters`
 * wins; a parameter fills a field that is missing or empty; inside a field, the parameter of the field's own name is not
 * passed on. JSON Schemas are left alone. The component carries what applies to it as its `$parameters`.
 *
 * A parameter is only written into a component that has a field of that name (custom components have any): elsewhere it
 * would be an unknown field that nobody wrote. Throws ParametersOverflow.
 */
export function propagate(
  component: JsonObject,
  parentParameters: JsonObject,
  vocabulary: Vocabulary,
  positions: Positions,
  options: PropagateOptions = {},
): JsonObject {
  return new Propagation(vocabulary, positions, options.parentWins ?? false).component(
    component,
    options.field ?? '',
    parentParameters,
  );
}

class Propagation {
  readonly #vocabulary: Vocabulary;
  readonly #positions: Positions;
  readonly #parentWins: boolean;
  #fields = 0;
  #depth = 0;

  constructor(vocabulary: Vocabulary, positions: Positions, parentWins: boolean) {
    this.#vocabulary = vocabulary;
    this.#positions = positions;
    this.#parentWins = parentWins;
  }

  component(node: JsonObject, field: string, fromAbove: JsonObject): JsonObject {
    const type = Object.hasOwn(node, 'type') ? own(node, 'type') : this.#defaultType(node, field);
    const hasOwnParameters = Object.hasOwn(node, PARAMETERS);
    if (type === 'object' || Array.isArray(type) || isObject(type))
      return hasOwnParameters ? this.#without(node) : node;
    if (type === undefined) return this.#untyped(node, field, fromAbove);
    const parameters = this.#combine(fromAbove, own(node, PARAMETERS));
    const copy: JsonObject = hasOwnParameters ? this.#without(node) : { ...node };
    this.#positions.derive(copy, node);
    if (!Object.hasOwn(node, 'type')) put(copy, 'type', type);
    this.#fill(copy, node, parameters);
    this.#spend(node, Object.keys(copy).length + 1);
    if (++this.#depth > DEPTH_MAX) throw new ParametersOverflow(node);
    const kept = this.#descend(copy, parameters);
    this.#depth--;
    if (Object.keys(kept).length > 0) copy[PARAMETERS] = kept;
    // Parameters that are no mapping stay where they are: the schema has something to say about them.
    if (hasOwnParameters && !isObject(node[PARAMETERS])) copy[PARAMETERS] = node[PARAMETERS];
    return copy;
  }

  #spend(node: JsonObject, fields: number): void {
    this.#fields += fields;
    if (this.#fields > FIELDS_MAX) throw new ParametersOverflow(node);
  }

  #defaultType(node: JsonObject, field: string): string | undefined {
    const types = Object.hasOwn(node, 'class_name') ? this.#vocabulary.customTypes : this.#vocabulary.defaultTypes;
    return types.get(field);
  }

  #without(node: JsonObject): JsonObject {
    const { [PARAMETERS]: _, ...copy } = node;
    this.#positions.derive(copy, node);
    return copy;
  }

  /** A map without type: the components that are its values take part, under the map's own field. */
  #untyped(node: JsonObject, field: string, fromAbove: JsonObject): JsonObject {
    const parameters = this.#combine(fromAbove, own(node, PARAMETERS));
    let copy: JsonObject | undefined = Object.hasOwn(node, PARAMETERS) ? this.#without(node) : undefined;
    for (const key of Object.keys(copy ?? node)) {
      const item = node[key];
      if (!isObject(item)) continue;
      const typed = this.#typedItem(item, field);
      if (isFalsy(own(typed, 'type'))) continue;
      const value = this.component(typed, field, parameters);
      if (value === item) continue;
      if (!copy) {
        copy = { ...node };
        this.#positions.derive(copy, node);
      }
      put(copy, key, value);
    }
    return copy ?? node;
  }

  /** A value of a map with the type that the map's values have when they name none. */
  #typedItem(item: JsonObject, field: string): JsonObject {
    const type = Object.hasOwn(item, 'type') ? undefined : this.#vocabulary.itemTypes?.get(field);
    if (type === undefined) return item;
    const typed: JsonObject = { type, ...item };
    this.#positions.derive(typed, item);
    return typed;
  }

  #combine(fromAbove: JsonObject, ownParameters: Json | undefined): JsonObject {
    if (!isObject(ownParameters) || Object.keys(ownParameters).length === 0) return fromAbove;
    const [weak, strong] = this.#parentWins ? [ownParameters, fromAbove] : [fromAbove, ownParameters];
    const parameters: JsonObject = { ...weak, ...strong };
    this.#positions.derive(parameters, ownParameters);
    for (const key of Object.keys(parameters)) {
      const holder = Object.hasOwn(strong, key) ? strong : weak;
      if (holder !== ownParameters) this.#positions.link(parameters, key, { holder, key });
    }
    return parameters;
  }

  #fill(copy: JsonObject, node: JsonObject, parameters: JsonObject): void {
    const word = typeof copy.type === 'string' ? this.#vocabulary.words.get(copy.type) : undefined;
    const isClosed = word !== undefined && !word.open;
    for (const key of Object.keys(parameters)) {
      if ((isClosed && !word.fields.has(key)) || !isFalsy(own(copy, key))) continue;
      put(copy, key, parameters[key]);
      this.#positions.link(copy, key, { holder: parameters, key, by: { holder: node }, isBorrowed: true });
    }
  }

  /** Goes into every field, and returns the parameters as they stand afterwards. */
  #descend(copy: JsonObject, parameters: JsonObject): JsonObject {
    let current = parameters;
    for (const key of Object.keys(copy)) {
      const item = copy[key];
      const isList = Array.isArray(item);
      if (!isList && !isObject(item)) continue;
      const field = `${String(copy.type)}.${key}`;
      const excluded = own(current, key);
      const passed = excluded === undefined ? current : this.#minus(current, key);
      const value = isList ? this.#list(item, field, passed) : this.component(item, field, passed);
      if (value !== item) put(copy, key, value);
      // An empty parameter is not put back: that is how the language has always been read.
      if (excluded !== undefined && isFalsy(excluded)) current = passed;
    }
    return current;
  }

  #minus(parameters: JsonObject, key: string): JsonObject {
    this.#spend(parameters, Object.keys(parameters).length);
    const { [key]: _, ...rest } = parameters;
    this.#positions.derive(rest, parameters);
    return rest;
  }

  #list(items: Json[], field: string, parameters: JsonObject): Json[] {
    let copy: Json[] | undefined;
    items.forEach((item, i) => {
      if (!isObject(item)) return;
      const value = this.component(item, field, parameters);
      if (value === item) return;
      if (!copy) {
        copy = [...items];
        this.#positions.derive(copy, items);
      }
      copy[i] = value;
    });
    return copy ?? items;
  }
}
