import { streamTitle } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { RefreshMode } from '@tidemark/sync';
import { listed } from '../sync/text.js';
import { type BooksOptions, withSession } from '../sync/with-session.js';

/** Options of `tidemark refresh`. */
export interface RefreshOptions extends BooksOptions {
  stream?: string[];
  merge?: boolean;
  truncate?: boolean;
}

/** `tidemark refresh`: the next sync reads streams from the beginning. Exit codes: 0, 1 failed, 2 usage or not possible. */
export async function refresh(file: string, options: RefreshOptions): Promise<number> {
  return withSession(file, options, false, async ({ target, session }) => {
    if (options.merge && options.truncate) throw new ConnectorError('config', 'Give --merge or --truncate, not both.');
    const mode: RefreshMode = options.truncate ? 'truncate' : 'merge';
    const { refreshOrders } = await import('@tidemark/sync');
    const orders = refreshOrders(await session.load(target.name), listed(options.stream), mode);
    await session.reset(target.name, orders);
    const names = orders.map(({ stream }) => streamTitle(stream)).join(', ');
    const what =
      mode === 'merge'
        ? 'the rows that are there stay, and are superseded as the new ones come'
        : 'the new rows take the place of all others when they are complete';
    process.stderr.write(`The next sync reads from the beginning: ${names}; ${what}.\n`);
    return 0;
  });
}
