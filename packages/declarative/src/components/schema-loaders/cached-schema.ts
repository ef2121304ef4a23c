import type { JsonObject } from '@tidemark/protocol';
import type { BuildContext } from '../../component/context.js';
import { setKey } from '../../component/path.js';
import { readSchemaFile } from './schema-file.js';
import type { SchemaLoader } from './slot.js';

/**
 * The schema of a stream, loaded once: by its loader, by several whose properties are merged (those of the first win), or,
 * where it has none, from `schemas/NAME.json` in the connector's folder; a stream without any has an empty schema. A load
 * that failed is tried again by whoever asks next.
 */
export function cachedSchema(
  loader: SchemaLoader | SchemaLoader[] | undefined,
  stream: { name: string; parameters: JsonObject; context: BuildContext },
): () => Promise<JsonObject> | JsonObject {
  let cached: Promise<JsonObject> | JsonObject | undefined;
  const load = (): Promise<JsonObject> | JsonObject => {
    if (loader === undefined) return fromFile(stream);
    if (!Array.isArray(loader)) return loader.load();
    return Promise.all(loader.map((one) => one.load())).then(merge);
  };
  return () => {
    if (cached !== undefined) return cached;
    const loaded = load();
    cached = loaded;
    if (loaded instanceof Promise) {
      loaded.catch(() => {
        cached = undefined;
      });
    }
    return loaded;
  };
}

function merge(schemas: JsonObject[]): JsonObject {
  const properties: JsonObject = {};
  for (const schema of schemas) {
    for (const [name, property] of Object.entries((schema.properties ?? {}) as JsonObject)) {
      if (!Object.hasOwn(properties, name)) setKey(properties as Record<string, unknown>, name, property);
    }
  }
  return { $schema: 'http://json-schema.org/draft-07/schema#', type: ['null', 'object'], properties };
}

function fromFile({
  name,
  parameters,
  context,
}: {
  name: string;
  parameters: JsonObject;
  context: BuildContext;
}): JsonObject {
  return readSchemaFile(`./schemas/${String(parameters.name ?? name)}.json`, context.readFile) ?? {};
}
