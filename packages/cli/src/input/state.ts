import { type Json, type JsonObject, streamKey } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { isObject, objectAt, wrongShape } from './shape.js';

const WHAT = 'state';

/**
 * The states by `streamKey` from a state file. Understood are a list of STREAM states (bare, or as STATE messages), one
 * such object, and the old form, an object of states by stream name. Null stands for nothing everywhere.
 * Throws ConnectorError (config) for anything else, and for a GLOBAL state, which no stream of a manifest can go on from.
 */
export function parseState(value: Json): Map<string, JsonObject> {
  const states = new Map<string, JsonObject>();
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

function addEntry(entry: Json, where: string, states: Map<string, JsonObject>): void {
  const object = objectAt(entry, WHAT, where);
  const type = object.type ?? (isObject(object.stream) ? 'STREAM' : 'LEGACY');
  if (type === 'STATE') addEntry(object.state ?? null, join(where, 'state'), states);
  else if (type === 'STREAM') addStream(object, where, states);
  else if (type === 'LEGACY')
    addLegacy(objectAt(object.data ?? {}, WHAT, join(where, 'data')), join(where, 'data'), states);
  else if (type === 'GLOBAL') {
    throw new ConnectorError(
      'config',
      'The state is of type GLOBAL: one state for all streams together. A manifest keeps a state for each stream (type STREAM), so nothing can go on from this one; read without --state to begin anew.',
    );
  } else {
    throw new ConnectorError(
      'config',
      `In the state, '${join(where, 'type')}' must be 'STREAM', but is '${String(type).slice(0, 40)}'.`,
    );
  }
}

function addStream(object: JsonObject, where: string, states: Map<string, JsonObject>): void {
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
  if (state !== null) states.set(streamKey({ name, namespace }), objectAt(state, WHAT, join(at, 'stream_state')));
}

function addLegacy(data: JsonObject, where: string, states: Map<string, JsonObject>): void {
  for (const [name, state] of Object.entries(data)) {
    if (state !== null && state !== undefined) states.set(name, objectAt(state, WHAT, join(where, name)));
  }
}

function join(where: string, name: string): string {
  return where === '' ? name : `${where}.${name}`;
}
