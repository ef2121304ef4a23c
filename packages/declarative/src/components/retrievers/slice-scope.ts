import type { JsonObject } from '@tidemark/protocol';
import type { Scope } from '../../component/expression.js';

/**
 * What templates see as `stream_slice`: the keys of partition and cursor slice in one object; its parts and the extra fields
 * by name beside them, not among its keys. The extra fields are names of their own, too.
 */
export function sliceScope(unit: { partition: JsonObject; slice: JsonObject; extra?: JsonObject }): Scope {
  const streamSlice: JsonObject = { ...unit.partition, ...unit.slice };
  const hidden = { partition: unit.partition, cursor_slice: unit.slice, extra_fields: unit.extra ?? {} };
  for (const [key, value] of Object.entries(hidden)) {
    if (!Object.hasOwn(streamSlice, key)) Object.defineProperty(streamSlice, key, { value, enumerable: false });
  }
  return { ...unit.extra, stream_slice: streamSlice, stream_state: {} };
}
