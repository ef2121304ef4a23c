import type { BuildContext } from '../../component/context.js';
import { slot } from '../../component/slot.js';
import type { ApiBudget } from '../budget/slot.js';
import type { ConnectionChecker } from '../checks/slot.js';
import type { Spec } from '../spec/slot.js';
import type { StreamSource } from '../streams/slot.js';

/** A manifest as a whole: its parts are built when there is a configuration to build them with. */
export interface ManifestRoot {
  readonly spec: ((context: BuildContext) => Spec) | undefined;
  readonly check: (context: BuildContext) => ConnectionChecker;
  /** The entries of `streams`. */
  readonly streams: readonly ((context: BuildContext) => StreamSource)[];
  /** The entries of `dynamic_streams`, by which the check names them. */
  readonly dynamicStreams: readonly {
    readonly name: string;
    readonly build: (context: BuildContext) => StreamSource;
  }[];
  readonly budget: ((context: BuildContext) => ApiBudget) | undefined;
  readonly concurrency: ((context: BuildContext) => ConcurrencyLevel) | undefined;
  readonly groups: readonly ((context: BuildContext) => StreamGroup)[];
}
export const sourceSlot = slot<ManifestRoot>('source');

/** How many units are read at the same time. */
export interface ConcurrencyLevel {
  readonly level: number;
}
export const concurrencyLevelSlot = slot<ConcurrencyLevel>('concurrency level');

/** What keeps the streams of a group from each other. */
export interface StreamGroupAction {
  /** One after the other. */
  readonly isExclusive: boolean;
}
export const streamGroupActionSlot = slot<StreamGroupAction>('stream group action');

/** Streams that must not be read at the same time. */
export interface StreamGroup {
  readonly streamNames: readonly string[];
}
export const streamGroupSlot = slot<StreamGroup>('stream group');
