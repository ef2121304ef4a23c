import { type DestinationSpec, fileBooks, openDestination } from '@tidemark/sync';
import { type KillOrder, killSync } from './kill-source.ts';

/** What a child is to do: one attempt into the destination, with the books in a file of their own where it has none. */
export interface ChildOrder extends KillOrder {
  destination: DestinationSpec | string;
  books?: string;
}

/** One attempt in a process of its own: `node kill-child.mjs ORDER-AS-JSON`. It is there to be killed. */
const order = JSON.parse(process.argv[2]!) as ChildOrder;
const books = order.books === undefined ? undefined : fileBooks(order.books);
const destination = await openDestination(order.destination, books);
process.stdout.write('ready\n');
const { outcome, errors } = await killSync(destination, order);
process.stdout.write(`${outcome} ${errors.map(({ message }) => message).join('; ')}\n`);
process.exitCode = outcome === 'complete' ? 0 : 1;
