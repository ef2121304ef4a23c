import type { CheckResult } from '@tidemark/source';
import { slot } from '../../component/slot.js';
import type { DeclarativeStream } from '../streams/slot.js';

/** Says whether a source can be read with its configuration. */
export interface ConnectionChecker {
  check(streams: readonly DeclarativeStream[], signal: AbortSignal): Promise<CheckResult>;
}
export const connectionCheckerSlot = slot<ConnectionChecker>('connection check');
