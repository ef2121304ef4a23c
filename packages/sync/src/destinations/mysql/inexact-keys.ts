import { Decimal } from '@tidemark/protocol';
import { ConnectorError, type RecordData } from '@tidemark/source';
import type { Batch, StreamPlan } from '../../destination.js';

const UINT64_MAX = 2n ** 64n - 1n;
const INT64_MIN = -(2n ** 63n);
/** MariaDB finds nothing in JSON that is deeper. */
const DEPTH_MAX = 30;

/**
 * A key inside JSON is read by the server, to which long numbers are doubles and deep values nothing at all: two keys could
 * look like one, and a row be lost. Throws ConnectorError (config) then.
 */
export function refuseInexactKeys(plan: StreamPlan, batch: Batch): void {
  if (!plan.destinationSyncMode.endsWith('_dedup')) return;
  const nested = [...plan.primaryKey, plan.cursorField].filter((path) => path.length > 1);
  if (nested.length === 0) return;
  for (const { records } of batch.pages) {
    for (const record of records) for (const path of nested) refuse(plan, path, record);
  }
}

function refuse(plan: StreamPlan, path: readonly string[], record: RecordData): void {
  const value = path.reduce<unknown>((at, part) => (at as RecordData | null | undefined)?.[part], record);
  const isLong = Decimal.is(value) || (typeof value === 'bigint' && (value > UINT64_MAX || value < INT64_MIN));
  if (!isLong && !isDeeper(record[path[0]!], DEPTH_MAX)) return;
  const why = isLong
    ? 'a number that MySQL cannot compare exactly'
    : 'a value beside it that is too deep for MySQL to look';
  throw new ConnectorError(
    'config',
    `The key ${path.join('.')} is inside JSON, and there is ${why}. Choose another key, or write this stream with append.`,
    { stream: plan.stream.name },
  );
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeper(part, levels - 1));
}
