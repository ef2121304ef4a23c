import { ConnectorError } from '@tidemark/source';
import type { ComponentMapping } from './slot.js';

/** The mappings, none of which may have a condition. Throws ConnectorError (config). */
export function withoutCondition(mappings: readonly ComponentMapping[], resolver: string): readonly ComponentMapping[] {
  if (mappings.some((mapping) => mapping.applies)) {
    throw new ConnectorError(
      'config',
      `A condition of a ComponentMappingDefinition is for ConfigComponentsResolver only, not for ${resolver}.`,
    );
  }
  return mappings;
}
