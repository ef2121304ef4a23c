import { ConnectorError, type RecordData } from '@tidemark/source';
import type { DeclarativeStream } from '../streams/slot.js';

/**
 * Reads until the first record of the stream's first unit; undefined when the unit has none. Throws ConnectorError when it
 * cannot be read or when there is no unit to read.
 */
export async function firstRecord(stream: DeclarativeStream, signal: AbortSignal): Promise<RecordData | undefined> {
  const open = await stream.open(undefined);
  for await (const unit of open.cursor.plan(signal)) {
    for await (const page of open.read(unit, { signal })) {
      if (page.records.length) return page.records[0];
    }
    return undefined;
  }
  throw new ConnectorError('config', `The stream '${stream.name}' has nothing to read from: its partitions are none.`);
}
