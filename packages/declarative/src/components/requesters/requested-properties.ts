import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { BuildContext } from '../../component/index.js';
import { type PropertySource, type QueryProperties, queryPropertiesSlot } from '../properties/slot.js';
import { isQueryProperties } from './inputs.js';

/**
 * Which properties a requester asks for: those that stand in the place of a request parameter, else its own. Throws
 * ConnectorError (config) when the manifest says so in more than one place.
 */
export function requestedProperties(
  own: QueryProperties | undefined,
  source: PropertySource | undefined,
  raw: JsonObject,
  context: BuildContext,
): QueryProperties | undefined {
  const { request_parameters: parameters } = raw;
  const given = Object.values(typeof parameters === 'object' && parameters !== null ? parameters : {}).filter(
    isQueryProperties,
  );
  if (given.length > 1)
    throw new ConnectorError(
      'config',
      `request_parameters can have QueryProperties in one place, and here are ${given.length}.`,
    );
  if (given[0]) {
    if (source)
      throw new ConnectorError(
        'config',
        'A requester has either fetch_properties_from_endpoint or QueryProperties in its request_parameters, not both.',
      );
    return context.builder.build(given[0], queryPropertiesSlot, context);
  }
  if (source)
    return { chunks: async (_schema, signal) => [await source.properties(signal)], mergeKey: () => undefined };
  return own;
}
