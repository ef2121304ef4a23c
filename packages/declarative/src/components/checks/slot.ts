import type { JsonObject } from '@tidemark/protocol';
import type { CheckResult } from '@tidemark/source';
import { slot } from '../../component/slot.js';
import type { DeclarativeStream } from '../streams/slot.js';

/** What a check can ask a source for. Streams are built when they are asked for. */
export interface CheckedSource {
  /** The streams that stand in the manifest, without those whose condition does not hold. */
  staticStreams(): Promise<readonly DeclarativeStream[]>;
  /** The entries of `dynamic_streams`: their streams may have to be asked for at the API. */
  readonly dynamicStreams: readonly { readonly name: string; streams(): Promise<readonly DeclarativeStream[]> }[];
}

/** Says whether a source can be read with its configuration. */
export interface ConnectionChecker {
  /** Values that replace those of the configuration while the check runs. */
  readonly configOverrides?: JsonObject;
  check(source: CheckedSource, signal: AbortSignal): Promise<CheckResult>;
}
/** Which streams of a dynamic entry are checked. */
export interface DynamicStreamCheck {
  readonly dynamicStreamName: string;
  /** The first so many; absent: all. */
  readonly count: number | undefined;
}
export const dynamicStreamCheckSlot = slot<DynamicStreamCheck>('dynamic stream check');
export const connectionCheckerSlot = slot<ConnectionChecker>('connection check');
