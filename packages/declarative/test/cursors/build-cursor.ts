import type { JsonObject } from '@tidemark/protocol';
import { type BuildContext, Builder, type ComponentDefinition, Registry } from '../../src/component/index.js';
import { datetimeBasedCursor } from '../../src/components/cursors/datetime-based-cursor.js';
import { incrementingCountCursor } from '../../src/components/cursors/incrementing-count-cursor.js';
import { minMaxDatetime } from '../../src/components/cursors/min-max-datetime.js';
import { type IncrementalSync, incrementalSyncSlot } from '../../src/components/cursors/slot.js';
import { requestOption } from '../../src/components/requesters/request-option.js';

/** Builds a cursor as a manifest has it, without a `type` a DatetimeBasedCursor. */
export function buildCursor(
  raw: JsonObject,
  options: { config?: JsonObject; now?: string; clock?: () => number } = {},
): IncrementalSync {
  const { config = {}, now = '2024-03-02T10:20:30Z', clock = () => Date.parse(now) } = options;
  const words = [
    datetimeBasedCursor,
    incrementingCountCursor,
    minMaxDatetime,
    requestOption,
  ] as unknown as ComponentDefinition[];
  const builder = new Builder(new Registry(words));
  const context = { config, clock, builder, stream: { name: 'events', primaryKey: [] } } as unknown as BuildContext;
  return builder.build(filled({ type: 'DatetimeBasedCursor', ...raw }), incrementalSyncSlot, context);
}

/** Fills in the default types of the options, which the manifest's reader does elsewhere. */
function filled(raw: JsonObject): JsonObject {
  const result: JsonObject = { ...raw };
  for (const key of ['start_time_option', 'end_time_option', 'start_value_option']) {
    if (result[key]) result[key] = { type: 'RequestOption', ...(result[key] as JsonObject) };
  }
  return result;
}
