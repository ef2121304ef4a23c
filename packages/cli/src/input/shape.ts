import { Decimal, type Json, type JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';

/** True for JSON objects: not null, no list, no number that is kept as text. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Decimal.is(value);
}

/** What a value is, for messages; never the value itself, which may be a secret. */
export function kindOf(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'an object';
  if (typeof value === 'string') return 'text';
  return typeof value === 'boolean' ? 'a boolean' : 'a number';
}

/** An error about the shape of an input file. `where` is a path such as `streams[2].stream`. */
export function wrongShape(what: string, where: string, wanted: string, met: Json | undefined): ConnectorError {
  const place = where === '' ? `The ${what}` : `In the ${what}, '${where}'`;
  return new ConnectorError('config', `${place} must be ${wanted}, but is ${kindOf(met)}.`);
}

/** The object at this place, or an error that says what was there. */
export function objectAt(value: Json | undefined, what: string, where: string): JsonObject {
  if (!isObject(value)) throw wrongShape(what, where, 'an object', value);
  return value;
}
