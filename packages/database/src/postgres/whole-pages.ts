import { ConnectorError, type Page } from '@tidemark/source';
import type { ReadingSettings } from '../dialect.js';
import type { Piece } from '../spool/piece.js';
import type { SpoolSpace } from '../spool/spool-space.js';
import { spooled } from '../spool/spooled.js';
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
  readonly spool: SpoolSpace;
  readonly makePage: PageMaker;
  readonly settings: ReadingSettings;
}

/**
 * One statement over a whole view or foreign table, through a spool: it lasts as long as the server needs for it, however slow
 * the destination is. Without room in the spool it may last longer, so the server's time-out for statements is off for it.
 */
export async function* wholePages(from: WholePages, signal: AbortSignal): AsyncGenerator<Page> {
  const { relation, makePage, settings, spool: space, clients } = from;
  const doing = `Reading ${relation.id}`;
  const options = { space, doing, memoryBytes: settings.page_bytes, signal, long: clients.long };
  for await (const piece of spooled(options, (stop, spare) => copiedPieces(from, doing, stop, spare))) {
    const page = makePage.page({ ...piece, isCut: !piece.isLast, after: undefined }, undefined, !piece.isLast);
    yield page;
    page.release();
  }
}

async function* copiedPieces(
  { relation, columns, clients, settings }: WholePages,
  doing: string,
  stop: AbortSignal,
  spare: () => Buffer | undefined,
): AsyncGenerator<Piece> {
  const client = await clients.take();
  let isHeld = true;
  const release = (broken: boolean): void => {
    if (isHeld) clients.release(client, broken);
    isHeld = false;
  };
  const cancel = (): void => release(true);
  stop.addEventListener('abort', cancel);
  try {
    if (stop.aborted) return;
    await client.query('SET statement_timeout = 0');
    const pieces = new CopyPieces(client, copyWhole(relation, columns), settings.page_bytes);
    for (;;) {
      const copied = await pieces.next(spare());
      const isLast = !copied.isCut;
      if (isLast) {
        await client.query(`SET statement_timeout = ${Math.round(settings.statement_timeout_seconds * 1000)}`);
        release(false);
      }
      yield { ...copied, isLast };
      if (isLast) return;
    }
  } catch (error) {
    throw error instanceof ConnectorError ? error : postgresError(error, doing);
  } finally {
    stop.removeEventListener('abort', cancel);
    release(true);
  }
}
