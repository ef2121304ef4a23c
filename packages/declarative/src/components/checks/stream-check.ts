import { type CheckResult, ConnectorError } from '@tidemark/source';
import type { DeclarativeStream } from '../streams/slot.js';
import { firstRecord } from './first-record.js';

/** Reads the first record of each of these streams in turn; the first that cannot be read decides. */
export async function checkStreams(streams: readonly DeclarativeStream[], signal: AbortSignal): Promise<CheckResult> {
  for (const stream of streams) {
    try {
      await firstRecord(stream, signal);
    } catch (error) {
      return {
        succeeded: false,
        message: `The stream '${stream.name}' cannot be read: ${ConnectorError.from(error).message}`,
      };
    }
  }
  return { succeeded: true };
}
