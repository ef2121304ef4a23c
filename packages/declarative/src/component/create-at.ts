import { Decimal, type Json, type JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { setKey } from './path.js';

type Container = Record<string, unknown> | unknown[];

const INDEX_MAX = 100_000;

/**
 * Puts a value at a path, in place. What is missing on the way is made: a list where the next segment is a whole number, an
 * object otherwise; lists are filled up with null. `what` names the target in messages.
 * Throws ConnectorError (config) when a value on the way is neither object nor list.
 */
export function createAt(target: JsonObject, path: readonly string[], value: Json, what: string): void {
  let parent: Container = target;
  for (let i = 0; i < path.length - 1; i++) {
    let next = at(parent, path[i]!);
    if (next === undefined || next === null) {
      next = isIndex(path[i + 1]!) ? [] : {};
      put(parent, path[i]!, next, what);
    }
    if (!isContainer(next)) {
      throw new ConnectorError('config', `${what} has a value at '${path.slice(0, i + 1).join('.')}' already: '${path.join('.')}' cannot be put below it.`);
    }
    parent = next;
  }
  put(parent, path[path.length - 1]!, value, what);
}

function at(parent: Container, segment: string): unknown {
  if (Array.isArray(parent)) return isIndex(segment) ? parent[Number(segment)] : undefined;
  return Object.hasOwn(parent, segment) ? parent[segment] : undefined;
}

function put(parent: Container, segment: string, value: unknown, what: string): void {
  if (!Array.isArray(parent)) return setKey(parent, segment, value);
  const index = isIndex(segment) ? Number(segment) : -1;
  if (index < 0 || index > INDEX_MAX) throw new ConnectorError('config', `${what} has a list where '${segment}' is no place.`);
  while (parent.length < index) parent.push(null);
  parent[index] = value;
}

const isIndex = (segment: string): boolean => /^\d+$/.test(segment);

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null && !Decimal.is(value);
}
