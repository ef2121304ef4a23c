import { type Json, type JsonObject, streamKey } from '@tidemark/protocol';
import { isObject, objectAt, wrongShape } from './shape.js';
import { inside, type StateTaker, stateAt, takeState, unknownType } from './state-entry.js';

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
  const given: GivenStates = { states: new Map() };
  if (value === null) return given;
  const legacy = (data: JsonObject, where: string): void => {
    for (const [name, one] of Object.entries(data)) {
      const state = stateAt(one, inside(where, name));
      if (state) given.states.set(name, state);
    }
  };
  const taker: StateTaker = {
    stream(stream, state) {
      if (state) given.states.set(streamKey(stream), state);
    },
    shared(state) {
      if (state) given.shared = state;
    },
    other(object, where) {
      if ((object.type ?? 'LEGACY') !== 'LEGACY') throw unknownType(object, where, "'STREAM'");
      const at = inside(where, 'data');
      legacy(objectAt(object.data ?? {}, WHAT, at), at);
    },
  };
  if (Array.isArray(value)) for (const [index, entry] of value.entries()) takeState(entry, `[${index}]`, taker);
  else if (!isObject(value)) throw wrongShape(WHAT, '', 'a list of stream states', value);
  else if (typeof value.type === 'string' || isObject(value.stream)) takeState(value, '', taker);
  else legacy(value, '');
  return given;
}
