import type { Json, JsonObject } from '@tidemark/protocol';
import { closest } from './connection/closest.js';

/** Of more names than this only the first are shown. */
const NAMES_SHOWN = 40;

/**
 * What is wrong with the fields that a key or a cursor names, as the end of a sentence; undefined when nothing is. A schema
 * that lists its fields is believed, also where it would let others pass (that is what a schema does that says nothing of
 * them): a name that differs by a letter would be left out of the key, and rows with it. A schema that lists none, or puts
 * them together from others, says nothing.
 */
export function unknownFields(schema: JsonObject, paths: readonly (readonly string[])[]): string | undefined {
  const known = fieldsOf(schema);
  if (!known) return undefined;
  const patterns = isObject(schema.patternProperties) ? Object.keys(schema.patternProperties) : [];
  const unknown = paths
    .map(([first = '']) => first)
    .filter((field) => !known.includes(field) && !patterns.some((pattern) => matches(pattern, field)));
  if (unknown.length === 0) return undefined;
  const told = unknown.map((field) => {
    const meant = closest(field, known);
    return `'${field}'${meant === undefined ? '' : ` (did you mean '${meant}'?)`}`;
  });
  const shown = known.slice(0, NAMES_SHOWN).join(', ');
  const more = known.length > NAMES_SHOWN ? ` and ${known.length - NAMES_SHOWN} more` : '';
  return `${told.join(', ')}, which the stream's schema does not have. It has: ${shown}${more}.`;
}

function fieldsOf(schema: JsonObject): string[] | undefined {
  const { properties } = schema;
  if (!isObject(properties) || ['$ref', 'allOf', 'anyOf', 'oneOf'].some((word) => word in schema)) return undefined;
  const fields = Object.keys(properties);
  return fields.length > 0 ? fields : undefined;
}

function matches(pattern: string, field: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(field);
  } catch {
    return true;
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
