import type { Json, JsonObject } from '@tidemark/protocol';
import type { ErrorKind } from '@tidemark/source';
import type { Scope } from '../../component/expression.js';
import { slot } from '../../component/slot.js';

/** Makes streams of a template: one for each set of values. */
export interface ComponentsResolver {
  /** Whose mistake two streams of one name are. */
  readonly blames: ErrorKind;
  /** The template with its values filled in, one stream after the other; the template itself stays as it is. */
  resolve(template: JsonObject, signal: AbortSignal): AsyncIterable<JsonObject>;
}
export const componentsResolverSlot = slot<ComponentsResolver>('components resolver');

/** Puts one value into a stream's template. */
export interface ComponentMapping {
  /** Where; with wildcards as paths have them. */
  path(scope: Scope): string[];
  value(scope: Scope): Json;
  /** The value is asked for as text: it is never read as YAML. */
  readonly isText: boolean;
  /** Makes what is missing of the path. */
  readonly creates: boolean;
  /** Undefined: always. */
  readonly applies: ((scope: Scope) => boolean) | undefined;
}
export const componentMappingSlot = slot<ComponentMapping>('component mapping');

/** The sets of values that stand in the configuration. */
export interface StreamValues {
  values(): Json[];
}
export const streamValuesSlot = slot<StreamValues>('stream config');

/** The sets of values that stand in the manifest. */
export interface StreamParameters {
  readonly sets: readonly JsonObject[];
}
export const streamParametersSlot = slot<StreamParameters>('stream parameters');
