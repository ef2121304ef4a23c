import { ConnectorError } from '@tidemark/source';
import type { StreamPlan } from '../../destination.js';

/** A source that suddenly has nothing is more often broken than empty. */
export function refuseEmpty(plan: StreamPlan, table: string): ConnectorError {
  return new ConnectorError(
    'config',
    `The source gave no rows, and ${table} has some: it was left as it is. If the stream is empty indeed, allow it (allow_empty: true in connection.yaml).`,
    { stream: plan.stream.name },
  );
}
