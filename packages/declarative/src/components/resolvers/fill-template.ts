import { Decimal, type Json, type JsonObject } from '@tidemark/protocol';
import type { Scope } from '../../component/expression.js';
import { Path, setKey } from '../../component/path.js';
import { setAtPath } from '../../component/set-at-path.js';
import { readYamlValue } from '../../manifest/index.js';
import type { ComponentMapping } from './slot.js';

/** How a resolver fills templates. */
export interface FillOptions {
  /** A text is read as YAML, so that a value can be a list or an object. */
  readsYaml: boolean;
  /** Paths that are not there can be made. */
  creates: boolean;
}

/** A copy of the template with the values of one stream in it. */
export function fillTemplate(
  template: JsonObject,
  mappings: readonly ComponentMapping[],
  values: Scope,
  options: FillOptions,
): JsonObject {
  const filled = copyJson(template) as JsonObject;
  const scope: Scope = { ...values, stream_template_config: template };
  for (const mapping of mappings) {
    if (mapping.applies && !mapping.applies(scope)) continue;
    const value = mapping.value(scope);
    const path = mapping.path(scope);
    // The name of a stream stays text, also where it looks like something else ("2024", "on").
    const isName = path.length === 1 && path[0] === 'name';
    const isRead = options.readsYaml && typeof value === 'string' && !mapping.isText && !isName;
    const read = isRead ? yamlValue(value) : value;
    const found = new Path(path).assign(filled, () => copyJson(read));
    if (found === 0 && options.creates && mapping.creates && isTruthy(read)) setAtPath(filled, path, copyJson(read));
  }
  return filled;
}

/** What a text means as YAML: nothing is null, and what has no meaning is the text itself. */
function yamlValue(text: string): Json {
  if (text.trim() === '') return null;
  const value = readYamlValue(text);
  // A moment stays as the configuration has it: YAML would write it in another form.
  return value === undefined || (typeof value === 'string' && /^\d{4}-\d/.test(text)) ? text : value;
}

/** A copy that shares nothing which can be changed. */
function copyJson(value: Json | undefined): Json {
  if (Array.isArray(value)) return value.map(copyJson);
  if (typeof value !== 'object' || value === null || Decimal.is(value)) return value ?? null;
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) setKey(copy, key, copyJson(value[key]));
  return copy;
}

function isTruthy(value: Json): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'object' && value !== null && !Decimal.is(value)
    ? Object.keys(value).length > 0
    : Boolean(value);
}
