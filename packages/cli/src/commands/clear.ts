import { createInterface } from 'node:readline/promises';
import { streamTitle } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { counted, listed } from '../sync/text.js';
import { type BooksOptions, withSession } from '../sync/with-session.js';

/** Options of `tidemark clear`. */
export interface ClearOptions extends BooksOptions {
  stream?: string[];
  yes?: boolean;
}

/** `tidemark clear`: deletes rows and states. Exit codes: 0, 1 failed or not confirmed, 2 usage or not possible. */
export async function clear(file: string, options: ClearOptions): Promise<number> {
  return withSession(file, options, false, async ({ target, destination, session }) => {
    const { clearOrders } = await import('@tidemark/sync');
    const orders = clearOrders(await session.load(target.name), listed(options.stream));
    if (orders.length === 0) {
      process.stderr.write('This connection has not been synced yet: there is nothing to clear.\n');
      return 0;
    }
    const names = orders.map(({ stream }) => streamTitle(stream)).join(', ');
    const what = `the rows and the state of ${counted(orders.length, 'stream')} in ${destination.name}: ${names}`;
    if (!options.yes && !(await confirmed(what))) {
      process.stderr.write('Nothing was deleted.\n');
      return 1;
    }
    await session.reset(target.name, orders);
    process.stderr.write(`Cleared ${counted(orders.length, 'stream')} in ${destination.name}: ${names}.\n`);
    return 0;
  });
}

async function confirmed(what: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new ConnectorError('config', `This deletes ${what}. Nobody is there to confirm it: say so with --yes.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`This deletes ${what}.\nGo on? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
