import type { JsonObject } from '@tidemark/protocol';
import type { CheckContext } from '../check-context.js';
import type { Path } from '../positions.js';
import { isObject, own } from '../tree.js';
import { child, each } from './stream-facts.js';

const SECRET =
  /(?:password|passwd|passphrase|secret|token|(?:^|_)(?:api|app|access|private|secret|auth|consumer|client|master|account|service|license)_?key)$/i;
const NOT_SECRET = /(?:_url|_uri|_id|_name|_type|_expiry_date|_expires?)$/i;

/** Fields of the configuration that look like secrets and are not marked as such: they would be logged in clear. */
export function checkSpec(context: CheckContext): void {
  const schema = child(child(context.tree, 'spec'), 'connection_specification');
  if (schema) checkProperties(context, schema, ['spec', 'connection_specification'], 0);
}

function checkProperties(context: CheckContext, schema: JsonObject, path: Path, depth: number): void {
  const properties = child(schema, 'properties');
  if (depth > 12) return;
  for (const name of Object.keys(properties ?? {})) {
    const property = child(properties, name);
    if (!property) continue;
    const at = [...path, 'properties', name];
    if (isSecretText(name, property)) {
      context.warn(at, 'secret-in-clear', `'${name}' looks like a secret and is not marked airbyte_secret: true`, {
        atKey: true,
      });
    }
    checkProperties(context, property, at, depth + 1);
  }
  for (const word of ['oneOf', 'anyOf', 'allOf']) {
    const alternatives = own(schema, word);
    if (Array.isArray(alternatives)) {
      each(alternatives).forEach((alternative, i) => {
        checkProperties(context, alternative, [...path, word, i], depth + 1);
      });
    }
  }
}

function isSecretText(name: string, property: JsonObject): boolean {
  const types = Array.isArray(property.type) ? property.type : [property.type];
  const isText = types.includes('string') && !isObject(property.properties);
  const isFixed = Object.hasOwn(property, 'const') || Object.hasOwn(property, 'enum');
  return isText && !isFixed && property.airbyte_secret !== true && SECRET.test(name) && !NOT_SECRET.test(name);
}
