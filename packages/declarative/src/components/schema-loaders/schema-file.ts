import { type JsonObject, parseJson } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { resolveReferences } from './references.js';

type ReadFile = (path: string) => string | undefined;

/**
 * The schema in a file of the connector's folder, its references resolved; undefined when the file is not there. Throws
 * ConnectorError (config) when it is no JSON object, or would be outside the folder.
 */
export function readSchemaFile(path: string, readFile: ReadFile): JsonObject | undefined {
  const file = find(inside(path), readFile);
  if (!file) return undefined;
  const read = (name: string): JsonObject => {
    inside(name);
    const text = readFile(`${file.folder}/shared/${name}`) ?? readFile(`${file.folder}/${name}`);
    if (text === undefined)
      throw new ConnectorError('config', `The schema file ${path} refers to ${name}, which is not there.`);
    return parse(text, name);
  };
  return resolveReferences(parse(file.text, path), read);
}

/** The path, which may not lead out of the connector's folder. Throws ConnectorError (config) when it does. */
function inside(path: string): string {
  const leadsOut = path.split(/[/\\]/).includes('..') || /^[a-z]:|\0/i.test(path);
  if (leadsOut)
    throw new ConnectorError(
      'config',
      `The schema file ${JSON.stringify(path)} is outside the connector's folder: give a path below it, without '..'.`,
    );
  return path;
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
