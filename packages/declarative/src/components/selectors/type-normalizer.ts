import { Decimal, type Json, type JsonObject } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { setKey } from '../../component/path.js';
import type { SchemaNormalization } from './slot.js';
import { type Conversion, conversionFor } from './type-conversion.js';

/** `schema_normalization: Default`: values are brought into the types that the schema names, at every depth. */
export const defaultNormalization: SchemaNormalization = {
  normalizer(schema) {
    const fields = new SchemaCompiler(schema).properties(schema);
    return (record: RecordData) => {
      for (const [key, convert] of fields) {
        if (!Object.hasOwn(record, key)) continue;
        const was = record[key];
        const now = convert(was);
        if (now !== was) setKey(record, key, now);
      }
    };
  },
};

/** Compiles a schema to conversions. Only `properties`, `items` and `$ref` lead deeper. */
class SchemaCompiler {
  private readonly references = new Map<string, { run: Conversion | undefined }>();
  constructor(private readonly root: JsonObject) {}

  /** The conversion of each property; those that need none are left out. */
  properties(schema: JsonObject): [string, Conversion][] {
    const fields: [string, Conversion][] = [];
    for (const [key, property] of Object.entries(isObject(schema.properties) ? schema.properties : {})) {
      const convert = isObject(property) ? this.value(property) : undefined;
      if (convert) fields.push([key, convert]);
    }
    return fields;
  }

  /** The type first, then what is below. */
  private value(schema: JsonObject): Conversion | undefined {
    const convert = conversionFor(schema);
    const descend = this.below(schema);
    if (!convert || !descend) return convert ?? descend;
    return (value) => descend(convert(value));
  }

  private below(schema: JsonObject): Conversion | undefined {
    if (typeof schema.$ref === 'string') return this.reference(schema.$ref);
    const fields = this.properties(schema);
    const item = isObject(schema.items) ? this.value(schema.items) : undefined;
    if (fields.length === 0 && !item) return undefined;
    return (value) => {
      if (Array.isArray(value)) return item ? convertItems(value, item) : value;
      return isObject(value) ? convertFields(value, fields) : value;
    };
  }

  /** A reference converts what is below it, not the value itself. It may lead back to where it stands. */
  private reference(target: string): Conversion | undefined {
    const known = this.references.get(target);
    if (known) return (value) => (known.run ? known.run(value) : value);
    const entry: { run: Conversion | undefined } = { run: undefined };
    this.references.set(target, entry);
    const found = target.startsWith('#') ? lookUp(this.root, target.slice(1)) : undefined;
    entry.run = isObject(found) ? this.below(found) : undefined;
    return entry.run;
  }
}

function lookUp(root: JsonObject, pointer: string): Json | undefined {
  let node: Json | undefined = root;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (!isObject(node) || !Object.hasOwn(node, key)) return undefined;
    node = node[key];
  }
  return node;
}

function convertFields(value: JsonObject, fields: readonly [string, Conversion][]): JsonObject {
  let copy: JsonObject | undefined;
  for (const [key, convert] of fields) {
    if (!Object.hasOwn(value, key)) continue;
    const was = value[key];
    const now = convert(was);
    if (now === was) continue;
    copy ??= { ...value };
    setKey(copy, key, now);
  }
  return copy ?? value;
}

function convertItems(items: Json[], convert: Conversion): Json[] {
  let copy: Json[] | undefined;
  for (let i = 0; i < items.length; i++) {
    const now = convert(items[i]);
    if (now === items[i]) continue;
    copy ??= [...items];
    copy[i] = now as Json;
  }
  return copy ?? items;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Decimal.is(value);
}
