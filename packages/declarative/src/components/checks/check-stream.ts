import { type CheckResult, ConnectorError } from '@tidemark/source';
import { component } from '../../component/define.js';
import { field } from '../../component/field.js';
import type { DeclarativeStream } from '../streams/slot.js';
import { firstRecord } from './first-record.js';
import { type ConnectionChecker, connectionCheckerSlot } from './slot.js';

/** The word for a check that reads the first record of some streams. */
export const checkStream = component('CheckStream', {
  slot: connectionCheckerSlot,
  doc: 'Checks the connection by reading the first record of each of these streams.',
  fields: {
    stream_names: field.list(field.string()).optional().doc('The streams to read from.').example(['users']),
    dynamic_streams_check_configs: field.json().optional().doc('Which streams of dynamic ones are read, and how many.'),
    config_overrides: field.object().optional().doc('Values that replace those of the configuration during the check.'),
  },
  build({ fields, context }): ConnectionChecker {
    return {
      async check(streams: readonly DeclarativeStream[], signal: AbortSignal): Promise<CheckResult> {
        const configured = context.config.__airbyte_check_stream_names;
        const names = Array.isArray(configured) && configured.length ? configured.map(String) : (fields.stream_names ?? []);
        if (streams.length === 0) return { succeeded: false, message: 'The source has no streams.' };
        for (const name of names) {
          const stream = streams.find((candidate) => candidate.name === name);
          if (!stream) {
            const known = streams.map((candidate) => candidate.name).join(', ');
            return { succeeded: false, message: `The check names the stream '${name}', which is not there. There is: ${known}.` };
          }
          try {
            await firstRecord(stream, signal);
          } catch (error) {
            return { succeeded: false, message: ConnectorError.from(error).message };
          }
        }
        return { succeeded: true };
      },
    };
  },
});
