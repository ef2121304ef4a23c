import { type Json, type JsonObject, parseJson, type StreamDescriptor, streamKey } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { StateSet } from '@tidemark/sync';
import { isObject, objectAt, wrongShape } from './shape.js';

const WHAT = 'state';

/**
 * The states of a file, as Airbyte's programs write and read them: a list of states (bare, or as STATE messages), a single
 * one, or JSON lines, of which the last state of each stream counts and other messages are passed over (what `read` prints
 * can be given as it is). STREAM and GLOBAL. Throws ConnectorError (config).
 */
export function parseStateFile(text: string): StateSet {
  const found: Found = { streams: new Map() };
  const whole = parsed(text);
  if (whole !== undefined) {
    const list = Array.isArray(whole) ? whole : [whole];
    for (const [index, entry] of list.entries()) add(entry, Array.isArray(whole) ? `[${index}]` : '', found);
  } else {
    addLines(text, found);
  }
  if (found.streams.size === 0 && found.shared === undefined)
    throw new ConnectorError('config', 'The state holds no state of any stream.');
  return { streams: [...found.streams.values()], shared: found.shared };
}

interface Found {
  streams: Map<string, { stream: StreamDescriptor; state: JsonObject | null }>;
  shared?: JsonObject | null;
}

function parsed(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function addLines(text: string, found: Found): void {
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const entry = parsed(line);
    if (entry === undefined)
      throw new ConnectorError('config', `The state is neither JSON nor JSON lines: line ${index + 1} is no JSON.`);
    if (isObject(entry) && typeof entry.type === 'string' && OTHER_MESSAGES.has(entry.type)) continue;
    add(entry, `line ${index + 1}`, found);
  }
}
const OTHER_MESSAGES = new Set(['RECORD', 'LOG', 'TRACE', 'CONTROL', 'SPEC', 'CATALOG', 'CONNECTION_STATUS']);

function add(entry: Json, where: string, found: Found): void {
  const object = objectAt(entry, WHAT, where);
  const type = object.type ?? (isObject(object.stream) ? 'STREAM' : isObject(object.global) ? 'GLOBAL' : undefined);
  if (type === 'STATE') add(object.state ?? null, join(where, 'state'), found);
  else if (type === 'STREAM') addStream(object.stream, join(where, 'stream'), found);
  else if (type === 'GLOBAL') addGlobal(object.global, join(where, 'global'), found);
  else
    throw new ConnectorError(
      'config',
      `In the state, '${join(where, 'type')}' must be 'STREAM' or 'GLOBAL', but is ${typeof type === 'string' ? `'${type.slice(0, 40)}'` : 'missing'}.`,
    );
}

function addGlobal(value: Json | undefined, where: string, found: Found): void {
  const global = objectAt(value, WHAT, where);
  const shared = global.shared_state ?? null;
  found.shared = shared === null ? null : objectAt(shared, WHAT, join(where, 'shared_state'));
  const states = global.stream_states ?? [];
  if (!Array.isArray(states)) throw wrongShape(WHAT, join(where, 'stream_states'), 'a list', states);
  for (const [index, state] of states.entries()) addStream(state, join(where, `stream_states[${index}]`), found);
}

function addStream(value: Json | undefined, where: string, found: Found): void {
  const entry = objectAt(value, WHAT, where);
  const descriptor = objectAt(entry.stream_descriptor, WHAT, join(where, 'stream_descriptor'));
  const { name, namespace = null } = descriptor;
  if (typeof name !== 'string' || name === '')
    throw wrongShape(WHAT, join(where, 'stream_descriptor.name'), 'the name of a stream', name);
  if (namespace !== null && typeof namespace !== 'string')
    throw wrongShape(WHAT, join(where, 'stream_descriptor.namespace'), 'text', namespace);
  const state = entry.stream_state ?? null;
  const stream = { name, namespace: namespace ?? undefined };
  found.streams.set(streamKey(stream), {
    stream,
    state: state === null ? null : objectAt(state, WHAT, join(where, 'stream_state')),
  });
}

function join(where: string, name: string): string {
  return where === '' ? name : `${where}.${name}`;
}
