import { type Json, type JsonObject, parseJson } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';

/** Whether a shared part of a GLOBAL state is one that Airbyte's own sources write: `{"state":{…}}`. */
export function isAirbyteOffset(shared: JsonObject): boolean {
  return shared.v === undefined && isObject(shared.state);
}

/**
 * The offsets in the shared part of a state of Airbyte's: texts of JSON, each under a name that is JSON as well
 * (`{"state":{"[\"db\",{\"server\":\"db\"}]":"{\"lsn\":1}"}}`). MySQL and SQL Server have them one level deeper, under `field`,
 * beside a history of their tables, which is not needed here. Throws ConnectorError (config) where there is none.
 */
export function offsetsOf(shared: JsonObject, field?: string): JsonObject[] {
  const state = isObject(shared.state) ? shared.state : {};
  const within = field === undefined ? state : state[field];
  if (!isObject(within)) throw notAnOffset(`it has no '${field}'`);
  const offsets = Object.values(within).map((text) => offset(text));
  if (offsets.length === 0) throw notAnOffset('it is empty');
  return offsets;
}

/** Says what a state of Airbyte's lacks to be gone on from. */
export function notAnOffset(why: string): ConnectorError {
  return new ConnectorError(
    'config',
    `The state's shared part is of Airbyte's own source, and its place in the log cannot be read: ${why}. Read without a state to load the tables anew.`,
  );
}

function offset(text: Json | undefined): JsonObject {
  if (isObject(text)) return text;
  try {
    const parsed = typeof text === 'string' ? parseJson(text) : undefined;
    if (isObject(parsed)) return parsed;
  } catch {
    // Said below.
  }
  throw notAnOffset('an offset in it is no JSON object');
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
