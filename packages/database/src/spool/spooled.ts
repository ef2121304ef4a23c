import type { LongStatements } from '../long-statements.js';
import type { Piece } from './piece.js';
import { Spool } from './spool.js';
import type { SpoolSpace } from './spool-space.js';

/** A statement, and how it is read. */
export interface SpooledOptions {
  readonly space: SpoolSpace;
  /** For messages: `Reading public.users`. */
  readonly doing: string;
  /** Pieces that wait in memory weigh about as much. */
  readonly memoryBytes: number;
  readonly signal: AbortSignal;
  readonly patienceMs?: number;
  /** Says that the statement is alive while it gives nothing. */
  readonly long?: LongStatements;
}

/**
 * Runs a statement as fast as the server and the disk can, and gives its pieces as they are wanted. `pieces` runs it: when its
 * signal is aborted it has to end at once, and the statement with it; `spare` gives it buffers to fill. A piece is valid until
 * the next one is asked for. What `pieces` throws comes after all that it gave. Ends early when `signal` is aborted.
 */
export async function* spooled(
  options: SpooledOptions,
  pieces: (signal: AbortSignal, spare: () => Buffer | undefined) => AsyncIterable<Piece>,
): AsyncGenerator<Piece, void, undefined> {
  const stop = new AbortController();
  const spool = new Spool(options);
  const end = (): void => {
    stop.abort();
    spool.stop();
  };
  options.signal.addEventListener('abort', end);
  if (options.signal.aborted) end();
  const given = pieces(stop.signal, () => spool.spare());
  const filling = fill(spool, options.long?.each(given) ?? given);
  try {
    for (;;) {
      const piece = await spool.next();
      if (!piece) return;
      yield piece;
      spool.taken(piece);
    }
  } finally {
    options.signal.removeEventListener('abort', end);
    end();
    await filling;
    await spool.close();
  }
}

async function fill(spool: Spool, pieces: AsyncIterable<Piece>): Promise<void> {
  try {
    for await (const piece of pieces) if (!(await spool.put(piece))) break;
    spool.end();
  } catch (error) {
    spool.end({ error });
  }
}
