import type { JsonObject, LogLevel } from '@tidemark/protocol';
import { ConnectorError, type RunContext, type Source } from '@tidemark/source';
import type { CheckpointPolicy } from './checkpoint.js';
import type { Destination, Session } from './destination.js';
import type { StreamSelection } from './modes.js';
import type { SyncEvent } from './progress.js';
import type { SyncResult } from './result.js';
import type { RetryPolicy } from './retry.js';
import { SyncJob } from './sync-job.js';

/** One sync: what to read, where to write it, and who is told. */
export interface SyncSettings {
  source: Source;
  config: JsonObject;
  destination: Destination;
  /** Names the connection in the destination's books: the next sync with this name goes on with an unfinished job. */
  connection: string;
  /** Which streams, and how; absent: all, each as well as it can. */
  streams?: readonly StreamSelection[];
  checkpoint?: Partial<CheckpointPolicy>;
  /** How often a failed attempt is followed by another; `false`: never. */
  retry?: Partial<RetryPolicy> | false;
  /** A source that gives no sign of life for so long is ended and the attempt retried. Default 3,600; 0: never. */
  heartbeatSeconds?: number;
  /** A destination that does not come back from a call for so long is left, the attempt retried. Default 7,200; 0: never. */
  destinationSilentSeconds?: number;
  /** Begins a new job even when the last one is unfinished. Incremental streams keep their state. */
  restart?: boolean;
  /** Aborted: every stream stops after the page in hand, with its state committed; a wait between attempts ends. */
  signal?: AbortSignal;
  /** Milliseconds since the epoch. */
  clock?: () => number;
  /** Waits between attempts; ends early, without an error, when the signal is aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Seconds after which another runner may take this one for dead, where the destination keeps leases. */
  leaseSeconds?: number;
  log?: (level: LogLevel, message: string) => void;
  onEvent?: (event: SyncEvent) => void;
  /** What the source is given besides; `signal`, `clock` and `log` from above take precedence. */
  context?: Partial<RunContext>;
}

/**
 * Runs a source into a destination, going on with what an earlier attempt left there, in as many attempts as it takes.
 * Throws ConnectorError when it cannot begin: a configuration, stream or mode that cannot be, a destination that is held
 * by somebody else or cannot be opened. What fails later is in the result.
 */
export async function sync(settings: SyncSettings): Promise<SyncResult> {
  const job = new SyncJob(settings);
  try {
    return await attempts(job);
  } finally {
    job.dispose();
  }
}

async function attempts(job: SyncJob): Promise<SyncResult> {
  // Nothing has begun yet: a destination that is not there is said at once rather than waited for.
  let session: Session | undefined = await job.open();
  for (;;) {
    let failure: ConnectorError | undefined;
    try {
      session ??= await job.open();
      await job.attempt(session);
    } catch (error) {
      failure = ConnectorError.from(error);
    } finally {
      await session?.close();
      session = undefined;
    }
    const wait = job.waitAfter(failure);
    if (wait === undefined) return job.result(failure);
    await job.wait(wait, failure);
    if (job.isStopped) return job.result(failure);
  }
}
