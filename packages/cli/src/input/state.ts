import { type Json, type JsonObject, streamKey } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { isObject, objectAt, wrongShape } from './shape.js';

const WHAT = 'state';

/** What a state file says: a state for each stream, and what streams that go on together have in common. */
export interface GivenStates {
  states: Map<string, JsonObject>;
  /** The shared part of a GLOBAL state. */
  shared?: JsonObject;
}

/**
 * The states by `streamKey` from a state file. Understood are a list of STREAM or GLOBAL states (bare, or as STATE messages), one
 * such object, and the old form, an object of states by stream name. Null stands for nothing everywhere.
 * Throws ConnectorError (config) for anything else.
 */
export function parseState(value: Json): GivenStates {
  const states: GivenStates = { states: new Map() };
  if (value === null) return states;
  if (Array.isArray(value)) {
    for (const [i, entry] of value.entries()) addEntry(entry, `[${i}]`, states);
  } else if (isObject(value)) {
    if (typeof value.type === 'string' || isObject(value.stream)) addEntry(value, '', states);
    else addLegacy(value, '', states);
  } else {
    throw wrongShape(WHAT, '', 'a list of stream states', value);
  }
  return states;
}

function addEntry(entry: Json, where: string, given: GivenStates): void {
  const object = objectAt(entry, WHAT, where);
  const type = object.type ?? (isObject(object.stream) ? 'STREAM' : 'LEGACY');
  if (type === 'STATE') addEntry(object.state ?? null, join(where, 'state'), given);
  else if (type === 'STREAM') addStream(object, where, given);
  else if (type === 'LEGACY')
    addLegacy(objectAt(object.data ?? {}, WHAT, join(where, 'data')), join(where, 'data'), given);
  else if (type === 'GLOBAL') addGlobal(object, where, given);
  else {
    throw new ConnectorError(
      'config',
      `In the state, '${join(where, 'type')}' must be 'STREAM', but is '${String(type).slice(0, 40)}'.`,
    );
  }
}

function addStream(object: JsonObject, where: string, given: GivenStates): void {
  const at = join(where, 'stream');
  const stream = objectAt(object.stream, WHAT, at);
  const descriptor = objectAt(stream.stream_descriptor, WHAT, join(at, 'stream_descriptor'));
  const name = descriptor.name;
  if (typeof name !== 'string' || name === '') {
    throw wrongShape(WHAT, join(at, 'stream_descriptor.name'), 'the name of a stream', name);
  }
  const namespace = descriptor.namespace ?? null;
  if (namespace !== null && typeof namespace !== 'string') {
    throw wrongShape(WHAT, join(at, 'stream_descriptor.namespace'), 'text', namespace);
  }
  const state = stream.stream_state ?? null;
  if (state !== null) given.states.set(streamKey({ name, namespace }), objectAt(state, WHAT, join(at, 'stream_state')));
}

function addGlobal(object: JsonObject, where: string, given: GivenStates): void {
  const at = join(where, 'global');
  const global = objectAt(object.global, WHAT, at);
  const shared = global.shared_state ?? null;
  if (shared !== null) given.shared = objectAt(shared, WHAT, join(at, 'shared_state'));
  const streams = global.stream_states ?? [];
  if (!Array.isArray(streams)) throw wrongShape(WHAT, join(at, 'stream_states'), 'a list of stream states', streams);
  for (const [i, stream] of streams.entries()) addStream({ stream }, `${at}.stream_states[${i}]`, given);
}

function addLegacy(data: JsonObject, where: string, given: GivenStates): void {
  for (const [name, state] of Object.entries(data)) {
    if (state !== null && state !== undefined) given.states.set(name, objectAt(state, WHAT, join(where, name)));
  }
}

function join(where: string, name: string): string {
  return where === '' ? name : `${where}.${name}`;
}
