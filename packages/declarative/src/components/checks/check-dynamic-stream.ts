import type { CheckResult } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import type { DeclarativeStream } from '../streams/slot.js';
import { checkOverrides, overridesField } from './check-overrides.js';
import { type CheckedSource, type ConnectionChecker, connectionCheckerSlot } from './slot.js';
import { checkStreams } from './stream-check.js';

export const checkDynamicStream = component('CheckDynamicStream', {
  slot: connectionCheckerSlot,
  doc: 'Checks the connection by reading the first record of the first streams: those of the manifest, then those made at run time.',
  fields: {
    stream_count: field.integer().doc('How many streams are read from.').example(1),
    use_check_availability: field
      .boolean()
      .default(true)
      .doc('False: it is enough that there are streams; none is read.'),
    config_overrides: overridesField,
  },
  examples: [{ type: 'CheckDynamicStream', stream_count: 1 }],
  build({ fields, context }): ConnectionChecker {
    const { stream_count: count, use_check_availability: reads } = fields;
    return {
      configOverrides: checkOverrides(fields.config_overrides, context),
      async check(source: CheckedSource, signal: AbortSignal): Promise<CheckResult> {
        const streams: DeclarativeStream[] = [...(await source.staticStreams())];
        for (const entry of source.dynamicStreams) streams.push(...(await entry.streams()));
        if (streams.length === 0) return { succeeded: false, message: 'The source has no streams.' };
        return reads ? checkStreams(streams.slice(0, Math.max(0, count)), signal) : { succeeded: true };
      },
    };
  },
});
