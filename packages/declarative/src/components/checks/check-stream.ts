import type { Json } from '@tidemark/protocol';
import { type CheckResult, ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import type { DeclarativeStream } from '../streams/slot.js';
import { checkOverrides, overridesField } from './check-overrides.js';
import { type CheckedSource, type ConnectionChecker, connectionCheckerSlot, dynamicStreamCheckSlot } from './slot.js';
import { checkStreams } from './stream-check.js';

/** The key of the configuration by which the platform says which streams to check. */
const NAMES_KEY = '__airbyte_check_stream_names';

/** The word for a check that reads the first record of some streams. */
export const checkStream = component('CheckStream', {
  slot: connectionCheckerSlot,
  doc: 'Checks the connection by reading the first record of each of these streams.',
  fields: {
    stream_names: field.list(field.string()).optional().doc('The streams to read from.').example(['users']),
    dynamic_streams_check_configs: field
      .list(field.slot(dynamicStreamCheckSlot).defaultType('DynamicStreamCheckConfig'))
      .optional()
      .doc('Which streams of dynamic ones are read, and how many.'),
    config_overrides: overridesField,
  },
  examples: [{ type: 'CheckStream', stream_names: ['users'] }],
  build({ fields, context }): ConnectionChecker {
    const dynamic = fields.dynamic_streams_check_configs;
    if (!fields.stream_names && !dynamic) {
      throw new ConnectorError('config', 'CheckStream needs stream_names or dynamic_streams_check_configs.');
    }
    const names = chosenNames(context.config[NAMES_KEY]) ?? fields.stream_names ?? [];
    return {
      configOverrides: checkOverrides(fields.config_overrides, context),
      async check(source: CheckedSource, signal: AbortSignal): Promise<CheckResult> {
        const byName = new Map((await source.staticStreams()).map((stream) => [stream.name, stream]));
        // Streams that are made at run time are asked for only when the check is about them.
        if (dynamic?.length || names.length === 0 || names.some((name) => !byName.has(name))) {
          for (const entry of source.dynamicStreams)
            for (const stream of await entry.streams()) byName.set(stream.name, stream);
        }
        if (byName.size === 0) return { succeeded: false, message: 'The source has no streams.' };
        const chosen: DeclarativeStream[] = [];
        for (const name of names) {
          const stream = byName.get(name);
          if (!stream) return { succeeded: false, message: missing(name, byName.keys()) };
          chosen.push(stream);
        }
        for (const { dynamicStreamName, count } of dynamic ?? []) {
          const entry = source.dynamicStreams.find((candidate) => candidate.name === dynamicStreamName);
          if (!entry) {
            return {
              succeeded: false,
              message: `The check names the dynamic stream '${dynamicStreamName}', which the manifest does not have.`,
            };
          }
          chosen.push(...(await entry.streams()).slice(0, count));
        }
        return checkStreams(chosen, signal);
      },
    };
  },
});

function chosenNames(given: Json | undefined): string[] | undefined {
  if (given === undefined || (Array.isArray(given) && given.length === 0)) return undefined;
  if (Array.isArray(given) && given.every((name) => typeof name === 'string')) return given as string[];
  throw new ConnectorError('config', `${NAMES_KEY} of the configuration must be a list of names.`);
}

function missing(name: string, known: Iterable<string>): string {
  return `The check names the stream '${name}', which is not there. There is: ${[...known].join(', ')}.`;
}
