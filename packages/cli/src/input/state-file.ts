import { type Json, parseJson, streamKey } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { StateSet } from '@tidemark/sync';
import { isObject } from './shape.js';
import { type StateTaker, takeState, unknownType } from './state-entry.js';

/**
 * The states of a file, as Airbyte's programs write and read them: a list of states (bare, or as STATE messages), a single
 * one, or JSON lines, of which the last state of each stream counts and other messages are passed over (what `read` prints
 * can be given as it is). STREAM and GLOBAL. Throws ConnectorError (config).
 */
export function parseStateFile(text: string): StateSet {
  const streams = new Map<string, StateSet['streams'][number]>();
  let shared: StateSet['shared'];
  const taker: StateTaker = {
    stream: (stream, state) => void streams.set(streamKey(stream), { stream, state }),
    shared(state) {
      shared = state;
    },
    other(object, where) {
      throw unknownType(object, where, "'STREAM' or 'GLOBAL'");
    },
  };
  const whole = parsed(text);
  if (whole === undefined) takeLines(text, taker);
  else if (Array.isArray(whole)) for (const [index, entry] of whole.entries()) takeState(entry, `[${index}]`, taker);
  else takeState(whole, '', taker);
  if (streams.size === 0 && shared === undefined)
    throw new ConnectorError('config', 'The state holds no state of any stream.');
  return { streams: [...streams.values()], shared };
}

function parsed(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function takeLines(text: string, taker: StateTaker): void {
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const entry = parsed(line);
    if (entry === undefined)
      throw new ConnectorError('config', `The state is neither JSON nor JSON lines: line ${index + 1} is no JSON.`);
    if (isObject(entry) && typeof entry.type === 'string' && OTHER_MESSAGES.has(entry.type)) continue;
    takeState(entry, `line ${index + 1}`, taker);
  }
}
const OTHER_MESSAGES = new Set(['RECORD', 'LOG', 'TRACE', 'CONTROL', 'SPEC', 'CATALOG', 'CONNECTION_STATUS']);
