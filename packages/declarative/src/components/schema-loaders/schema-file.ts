import { type JsonObject, parseJson } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { resolveReferences } from './references.js';

type ReadFile = (path: string) => string | undefined;

/**
 * The schema in a file of the connector's folder, its references resolved; undefined when the file is not there. Throws
 * ConnectorError (config) when it is no JSON object.
 */
export function readSchemaFile(path: string, readFile: ReadFile): JsonObject | undefined {
  const file = find(path, readFile);
  if (!file) return undefined;
  const read = (name: string): JsonObject => {
    const text = readFile(`${file.folder}/shared/${name}`) ?? readFile(`${file.folder}/${name}`);
    if (text === undefined)
      throw new ConnectorError('config', `The schema file ${path} refers to ${name}, which is not there.`);
    return parse(text, name);
  };
  return resolveReferences(parse(file.text, path), read);
}

/** A path may begin with the name of the connector's package, as published manifests have it. */
function find(path: string, readFile: ReadFile): { text: string; folder: string } | undefined {
  const plain = path.replace(/^(?:\.?\/)+/, '');
  for (const candidate of [plain, plain.replace(/^source_[^/]*\//, '')]) {
    const text = readFile(candidate);
    if (text !== undefined) return { text, folder: candidate.split('/').slice(0, -1).join('/') || '.' };
  }
  return undefined;
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
