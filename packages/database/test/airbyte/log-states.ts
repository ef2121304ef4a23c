import type { JsonObject } from '@tidemark/protocol';
import type { LogTranscript } from '../log-reading.js';

/** A state as Airbyte's own source leaves it, in the place of one of ours that a reading ended with. */
export function asAirbyte(
  shared: JsonObject,
  streams: readonly { name: string; namespace: string; state: JsonObject }[],
): LogTranscript {
  const state = {
    shared,
    streams: streams.map(({ name, namespace, state: each }) => ({ stream: { name, namespace }, state: each })),
  };
  return { sent: [{ kind: 'state', state }], outcomes: {}, errors: [] };
}

/** The entry of a table that has been loaded and follows the log. */
export function loaded(name: string, namespace: string): JsonObject {
  return { stream_name: name, stream_namespace: namespace, cursor_field: [] };
}
