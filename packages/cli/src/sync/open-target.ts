import type { Destination } from '@tidemark/sync';
import type { Target } from './job-order.js';

/** The destination of a sync, with its books where they are asked for. Nothing is connected yet. */
export async function openTarget({ destination, state }: Target): Promise<Destination> {
  const { openBooks, openDestination } = await import('@tidemark/sync');
  return openDestination(destination, state && (await openBooks(state)));
}
