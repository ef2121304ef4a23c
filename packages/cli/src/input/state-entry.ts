import type { Json, JsonObject, StreamDescriptor } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { isObject, kindOf, objectAt, wrongShape } from './shape.js';

const WHAT = 'state';

/** Who is handed what a state says. Null is a state that is there and says nothing. */
export interface StateTaker {
  stream(stream: StreamDescriptor, state: JsonObject | null): void;
  /** The shared part of a GLOBAL state. */
  shared(state: JsonObject | null): void;
  /** A state that is neither STREAM nor GLOBAL; `where` is a path such as `[2].state`. Throws for what it does not take. */
  other(object: JsonObject, where: string): void;
}

/**
 * Takes one state apart: STREAM or GLOBAL, bare or as a STATE message. `where` is its place in the file, for errors.
 * Throws ConnectorError (config).
 */
export function takeState(entry: Json, where: string, taker: StateTaker): void {
  const object = objectAt(entry, WHAT, where);
  const type = object.type ?? (isObject(object.stream) ? 'STREAM' : isObject(object.global) ? 'GLOBAL' : undefined);
  if (type === 'STATE') takeState(object.state ?? null, inside(where, 'state'), taker);
  else if (type === 'STREAM') takeStream(object.stream, inside(where, 'stream'), taker);
  else if (type === 'GLOBAL') takeGlobal(object.global, inside(where, 'global'), taker);
  else taker.other(object, where);
}

function takeGlobal(value: Json | undefined, where: string, taker: StateTaker): void {
  const global = objectAt(value, WHAT, where);
  taker.shared(stateAt(global.shared_state, inside(where, 'shared_state')));
  const streams = global.stream_states ?? [];
  if (!Array.isArray(streams))
    throw wrongShape(WHAT, inside(where, 'stream_states'), 'a list of stream states', streams);
  for (const [index, stream] of streams.entries()) takeStream(stream, inside(where, `stream_states[${index}]`), taker);
}

function takeStream(value: Json | undefined, where: string, taker: StateTaker): void {
  const entry = objectAt(value, WHAT, where);
  const at = inside(where, 'stream_descriptor');
  const { name, namespace = null } = objectAt(entry.stream_descriptor, WHAT, at);
  if (typeof name !== 'string' || name === '') throw wrongShape(WHAT, inside(at, 'name'), 'the name of a stream', name);
  if (namespace !== null && typeof namespace !== 'string')
    throw wrongShape(WHAT, inside(at, 'namespace'), 'text', namespace);
  taker.stream({ name, namespace: namespace ?? undefined }, stateAt(entry.stream_state, inside(where, 'stream_state')));
}

/** A state, or null for none. */
export function stateAt(value: Json | undefined, where: string): JsonObject | null {
  return value === null || value === undefined ? null : objectAt(value, WHAT, where);
}

/** The error about a state of a type that is not understood. `allowed`: the types that are. */
export function unknownType({ type }: JsonObject, where: string, allowed: string): ConnectorError {
  const met = typeof type === 'string' ? `'${type.slice(0, 40)}'` : type === undefined ? 'missing' : kindOf(type);
  return new ConnectorError('config', `In the state, '${inside(where, 'type')}' must be ${allowed}, but is ${met}.`);
}

/** The path of a part. */
export function inside(where: string, name: string): string {
  return where === '' ? name : `${where}.${name}`;
}
