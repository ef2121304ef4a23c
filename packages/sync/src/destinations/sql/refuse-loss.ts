import { ConnectorError } from '@tidemark/source';
import type { StreamPlan } from '../../destination.js';
import type { StreamRow } from './ledger.js';

/**
 * A stream's rows are beside its table, its state covers them, and the plan goes on from the state in the table itself: the
 * rows would be lost. Only books that are kept elsewhere and are not of one mind with the destination's can ask for that.
 */
export function refuseLoss(
  plan: StreamPlan,
  row: (Pick<StreamRow, 'status' | 'minimumGeneration'> & { state?: unknown }) | undefined,
): void {
  const beside = row !== undefined && row.status === 'open' && row.minimumGeneration > 0 && row.state !== undefined;
  if (!beside || plan.begin === 'anew' || plan.state === undefined || plan.minimumGeneration > 0) return;
  throw new ConnectorError(
    'system',
    'The stream is in the middle of being replaced here, and the state that it is to go on from knows nothing of that. Run a refresh of the stream.',
    { stream: plan.stream.name },
  );
}
