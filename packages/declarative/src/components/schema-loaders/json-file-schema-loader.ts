import { type JsonObject, parseJson } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { resolveReferences } from './references.js';
import { type SchemaLoader, schemaLoaderSlot } from './slot.js';

type ReadFile = (path: string) => string | undefined;

export const jsonFileSchemaLoader = component('JsonFileSchemaLoader', {
  slot: schemaLoaderSlot,
  doc: "The schema stands in a file of the connector's folder.",
  fields: {
    file_path: field
      .template()
      .default("./schemas/{{ parameters['name'] }}.json")
      .doc("The file, from the connector's folder.")
      .example('./schemas/users.json'),
  },
  examples: [{ type: 'JsonFileSchemaLoader', file_path: './schemas/users.json' }],
  build: ({ fields, context }): SchemaLoader => {
    let schema: JsonObject | undefined;
    return {
      load: () => {
        schema ??= loadFile(fields.file_path.text(), context.readFile);
        return schema;
      },
    };
  },
});

function loadFile(path: string, readFile: ReadFile): JsonObject {
  const { text, folder } = find(path, readFile);
  const read = (name: string): JsonObject => {
    const shared = readFile(`${folder}/shared/${name}`) ?? readFile(`${folder}/${name}`);
    if (shared === undefined) throw new ConnectorError('config', `The schema file ${path} refers to ${name}, which is not there.`);
    return parse(shared, name);
  };
  return resolveReferences(parse(text, path), read);
}

/** A path may begin with the name of the connector's package, as published manifests have it. */
function find(path: string, readFile: ReadFile): { text: string; folder: string } {
  const plain = path.replace(/^(?:\.?\/)+/, '');
  for (const candidate of [plain, plain.replace(/^source_[^/]*\//, '')]) {
    const text = readFile(candidate);
    if (text !== undefined) return { text, folder: candidate.split('/').slice(0, -1).join('/') || '.' };
  }
  throw new ConnectorError('config', `The schema file ${path} is not in the connector's folder.`);
}

function parse(text: string, path: string): JsonObject {
  try {
    const schema = parseJson(text);
    if (typeof schema === 'object' && schema !== null && !Array.isArray(schema)) return schema as JsonObject;
  } catch (cause) {
    throw new ConnectorError('config', `The schema file ${path} is not JSON.`, { cause });
  }
  throw new ConnectorError('config', `The schema file ${path} holds no JSON object.`);
}
