import { canonical, type Json, type JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { RequestParts } from './slot.js';

/**
 * The parts of one request as one. Throws ConnectorError (config) when two parts bring the same key: a body of JSON may have the
 * same value at the same place twice, and its objects are merged; everything else must be there once. A text cannot be merged.
 */
export function mergeParts(parts: readonly RequestParts[]): RequestParts {
  return {
    params: mergeMaps(
      'query parameter',
      parts.map((part) => part.params),
    ),
    headers: mergeMaps(
      'header',
      parts.map((part) => part.headers),
    ),
    bodyData: mergeBodies(
      'body_data',
      parts.map((part) => part.bodyData),
      (maps) => mergeMaps('body field', maps),
    ),
    bodyJson: mergeBodies(
      'body_json',
      parts.map((part) => part.bodyJson),
      (maps) => mergeDeep(maps as (JsonObject | undefined)[]),
    ),
    path: parts.find((part) => part.path)?.path,
  };
}

type Map = Record<string, unknown>;

function mergeMaps(what: string, maps: readonly (Map | undefined)[]): Map | undefined {
  let merged: Map | undefined;
  for (const map of maps) {
    if (!map) continue;
    merged ??= {};
    for (const [key, value] of Object.entries(map)) {
      if (Object.hasOwn(merged, key)) throw twice(what, key);
      put(merged, key, value);
    }
  }
  return merged;
}

function mergeBodies<T extends Map>(
  what: string,
  bodies: readonly (Map | string | undefined)[],
  merge: (maps: readonly (Map | undefined)[]) => T | undefined,
): T | string | undefined {
  const texts = bodies.filter((body) => typeof body === 'string');
  const maps = bodies.filter(
    (body) => typeof body === 'object' && body !== null && Object.keys(body).length > 0,
  ) as Map[];
  if (texts.length > 1 || (texts.length === 1 && maps.length > 0)) {
    throw new ConnectorError(
      'config',
      `The ${what} of a request is a text in one place and given in another too: only one of them can be sent.`,
    );
  }
  return texts.length === 1 ? texts[0] : merge(maps);
}

function mergeDeep(maps: readonly (JsonObject | undefined)[]): JsonObject | undefined {
  let merged: JsonObject | undefined;
  for (const map of maps) {
    if (!map) continue;
    merged ??= {};
    deepInto(merged, map, []);
  }
  return merged;
}

function deepInto(target: JsonObject, source: JsonObject, path: string[]): void {
  for (const [key, value] of Object.entries(source)) {
    const there = Object.hasOwn(target, key) ? target[key] : undefined;
    if (!Object.hasOwn(target, key)) put(target, key, copy(value));
    else if (isMap(there) && isMap(value)) deepInto(there, value, [...path, key]);
    else if (canonical(there) !== canonical(value)) throw twice('body field', [...path, key].join('.'));
  }
}

function isMap(value: Json | undefined): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.getPrototypeOf(value) === Object.prototype
  );
}

/** Objects are copied: merging must not change what a template or a manifest holds. */
function copy(value: Json | undefined): Json | undefined {
  if (!isMap(value)) return value;
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) put(result, key, copy(item));
  return result;
}

function put(target: Map, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

function twice(what: string, key: string): ConnectorError {
  return new ConnectorError(
    'config',
    `The ${what} '${key}' of a request is given twice, by the requester and by another component (paginator, cursor, partition router or authenticator).`,
  );
}
