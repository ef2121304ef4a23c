import { ConnectorError, type RunContext } from '@tidemark/source';
import type { Session, Writer } from './destination.js';
import { type StopDeadline, SyncStopped } from './stop-deadline.js';

/** A call into the destination may take so long (two hours) before the destination counts as dead. */
export const DEFAULT_DESTINATION_SILENT_SECONDS = 7_200;
/** The time is looked at in so many steps: a machine that slept through all of it wakes up to one of them. */
const LOOKS = 4;
/** A destination whose connections were cut gets so long to give back its lease. */
const LEAVE_MS = 5_000;

/** What a guard is given. */
export interface GuardSettings {
  /** How long one call may take; 0: for ever. */
  seconds: number;
  /** The destination's name, for messages. */
  name: string;
  stop: StopDeadline;
  log: RunContext['log'];
}

/** A call that has not returned yet. */
interface Call {
  what: string;
  looks: number;
  isTimed: boolean;
  fail: (error: unknown) => void;
}

/**
 * Stands between a sync and its destination: a call that never returns is given up, after a set time or with the deadline of a
 * stop. From then on every call fails with the same error at once, and closing waits for nobody: what the destination had not
 * committed comes again. Goes by timers, not by the clock, which may jump.
 */
export class SessionGuard {
  private readonly calls = new Set<Call>();
  private readonly timer: NodeJS.Timeout | undefined;
  private failure: ConnectorError | undefined;
  private session: Session | undefined;
  private isClosed = false;

  constructor(private readonly settings: GuardSettings) {
    const { seconds, stop } = settings;
    if (seconds > 0) this.timer = setInterval(() => this.look(), Math.min((seconds * 1_000) / LOOKS, 2 ** 31 - 1));
    void stop.all.then(() => this.lose(new SyncStopped(), 'after the stop'));
  }

  /** Opens a session that is guarded from then on. One that comes when it was given up already is closed. */
  async open(begin: () => Promise<Session>): Promise<Session> {
    try {
      const opening = begin();
      opening.then(
        (late) => this.failure && leave(late),
        () => undefined,
      );
      this.session = await this.during('being opened', () => opening);
      return this.guarded(this.session);
    } catch (error) {
      this.end();
      throw error;
    }
  }

  private guarded(inner: Session): Session {
    const { settle } = inner;
    return {
      load: (connection) => this.during('being asked for its books', () => inner.load(connection)),
      begin: (job, plans) => this.during('beginning an attempt', () => inner.begin(job, plans)),
      writer: async (plans) => this.guardedWriter(await this.during('being written to', () => inner.writer(plans))),
      history: (connection, limit) => this.during('being asked for its books', () => inner.history(connection, limit)),
      reset: (...order) => this.during('clearing', () => inner.reset(...order)),
      // A program that writes what it was given may need hours, and is watched where it runs.
      settle: settle && ((stopped) => this.during('writing the rest', () => settle.call(inner, stopped), false)),
      end: (...attempt) => this.during('ending an attempt', () => inner.end(...attempt)),
      close: () => this.close(inner),
    };
  }

  private guardedWriter(inner: Writer): Writer {
    return {
      get wantsCommit() {
        return inner.wantsCommit;
      },
      write: (stream, batch) => this.during('taking rows', () => inner.write(stream, batch)),
      restart: (stream, unit) => this.during('deleting rows', () => inner.restart(stream, unit)),
      commit: (states, shared) => this.during('committing', () => inner.commit(states, shared)),
      finish: (state, shared) => this.during('completing a stream', () => inner.finish(state, shared)),
      rollback: () => this.during('rolling back', () => inner.rollback()),
      close: () => this.during('being closed', () => inner.close()).catch(() => undefined),
    };
  }

  /** Frees the destination. One that is lost is told so, and waited for only as long as it takes to give back a lease. */
  private async close(inner: Session): Promise<void> {
    if (!this.failure) await this.during('being closed', () => inner.close()).catch(() => undefined);
    else if (this.failure instanceof SyncStopped) inner.close().catch(() => undefined);
    else await bounded(inner.close(), LEAVE_MS);
    this.end();
  }

  private async during<T>(what: string, begin: () => Promise<T>, isTimed = true): Promise<T> {
    if (this.failure) throw this.failure;
    let fail: Call['fail'] = () => undefined;
    const given = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const call: Call = { what, looks: 0, isTimed, fail };
    this.calls.add(call);
    try {
      return await Promise.race([begin(), given]);
    } finally {
      this.calls.delete(call);
    }
  }

  private look(): void {
    const { seconds, name } = this.settings;
    for (const call of this.calls) {
      if (!call.isTimed || ++call.looks < LOOKS + 1) continue;
      const error = new ConnectorError(
        'transient',
        `${name} has not come back for ${seconds} seconds (${call.what}). The attempt was ended; a destination that is busy for longer needs a greater destination_silent_seconds.`,
      );
      this.lose(error, `for ${seconds} seconds`);
      return;
    }
  }

  private lose(error: ConnectorError, when: string): void {
    if (this.failure || this.isClosed) return;
    this.failure = error;
    clearInterval(this.timer);
    if (this.calls.size === 0) return;
    const { name, log } = this.settings;
    log('WARN', `${name} does not come back ${when}; it is left behind. What it has not committed comes again.`);
    for (const call of this.calls) call.fail(error);
    this.session?.leave?.();
  }

  private end(): void {
    this.isClosed = true;
    clearInterval(this.timer);
  }
}

function leave(session: Session): void {
  session.leave?.();
  session.close().catch(() => undefined);
}

async function bounded(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
