import { Decimal, type Json } from '@tidemark/protocol';
import { ConnectorError, type RecordData } from '@tidemark/source';
import { setKey } from './path.js';

type Container = Record<string, unknown> | unknown[];

const INDEX_MAX = 100_000;

/**
 * Puts a value at a path of a record; what is missing on the way is made: a list where the next segment is a whole number,
 * an object otherwise; null counts as missing. Lists are filled up with null. What lies below the record is copied.
 * Throws ConnectorError when something on the way is neither object nor list.
 */
export function setAtPath(record: RecordData, path: readonly string[], value: Json): void {
  let parent: Container = record as Record<string, unknown>;
  for (let i = 0; i < path.length - 1; i++) {
    const segment = path[i]!;
    const next = read(parent, segment);
    if (next !== null && next !== undefined && !isContainer(next)) {
      throw new ConnectorError(
        'config',
        `Nothing can be put at ${path.join('.')}: ${path.slice(0, i + 1).join('.')} is a value already.`,
      );
    }
    const copy: Container = isContainer(next) ? copyOf(next) : isIndex(path[i + 1]!) ? [] : {};
    write(parent, segment, copy, path);
    parent = copy;
  }
  write(parent, path[path.length - 1]!, value, path);
}

function read(parent: Container, segment: string): unknown {
  if (Array.isArray(parent)) return isIndex(segment) ? parent[Number(segment)] : undefined;
  return Object.hasOwn(parent, segment) ? parent[segment] : undefined;
}

function write(parent: Container, segment: string, value: unknown, path: readonly string[]): void {
  if (!Array.isArray(parent)) {
    setKey(parent, segment, value);
    return;
  }
  const index = isIndex(segment) ? Number(segment) : -1;
  if (index < 0 || index > INDEX_MAX) {
    throw new ConnectorError('config', `Nothing can be put at ${path.join('.')}: '${segment}' is no place in a list.`);
  }
  while (parent.length < index) parent.push(null);
  parent[index] = value;
}

function isIndex(segment: string): boolean {
  return /^\d+$/.test(segment);
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null && !Decimal.is(value);
}

function copyOf(node: Container): Container {
  return Array.isArray(node) ? [...node] : { ...node };
}
