import type { Page } from '@tidemark/source';
import type { ReadingSettings } from '../dialect.js';
import type { Clients } from './clients.js';
import type { PageMaker } from './copied-page.js';
import { CopyPieces } from './copy-out.js';
import { postgresError } from './errors.js';
import type { Relation } from './relation.js';
import { copyWhole } from './statements.js';

/** What has no order to go on in. */
export interface WholePages {
  readonly relation: Relation;
  readonly columns: readonly string[];
  readonly clients: Clients;
  readonly makePage: PageMaker;
  readonly settings: ReadingSettings;
}

/**
 * One statement over a whole view or foreign table, taken a piece at a time. It runs for as long as the destination takes,
 * so the server's time-out for statements is off for it.
 */
export async function* wholePages(from: WholePages): AsyncGenerator<Page> {
  const { relation, columns, clients, makePage, settings } = from;
  const client = await clients.take();
  let isClean = false;
  try {
    await client.query('SET statement_timeout = 0');
    const pieces = new CopyPieces(client, copyWhole(relation, columns), settings.page_bytes);
    let spare: Buffer | undefined;
    for (;;) {
      const copied = await pieces.next(spare);
      const page = makePage.page(copied, undefined, copied.isCut);
      yield page;
      spare = page.release();
      if (!copied.isCut) break;
    }
    await client.query(`SET statement_timeout = ${Math.round(settings.statement_timeout_seconds * 1000)}`);
    isClean = true;
  } catch (error) {
    throw postgresError(error, `Reading ${relation.id}`);
  } finally {
    clients.release(client, !isClean);
  }
}
