import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { BuildContext } from '../../component/context.js';
import type { SchemaLoader } from './slot.js';

/**
 * The schema of a stream, loaded once: by its loader, by several whose properties are merged, or, where it has none, from
 * `schemas/NAME.json` in the connector's folder; a stream without any has an empty schema.
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
    cached ??= load();
    return cached;
  };
}

function merge(schemas: JsonObject[]): JsonObject {
  const properties: JsonObject = {};
  for (const schema of schemas) Object.assign(properties, schema.properties ?? {});
  return { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object', properties };
}

function fromFile({ name, parameters, context }: { name: string; parameters: JsonObject; context: BuildContext }): JsonObject {
  const text = context.readFile(`schemas/${String(parameters.name ?? name)}.json`);
  if (text === undefined) return {};
  try {
    return JSON.parse(text) as JsonObject;
  } catch (cause) {
    throw new ConnectorError('config', `The schema file of the stream '${name}' is not JSON.`, { cause });
  }
}
