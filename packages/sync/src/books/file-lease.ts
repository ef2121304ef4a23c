import { type FileHandle, link, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectorError } from '@tidemark/source';
import type { OpenOptions } from '../destination.js';
import { isAlive, thisMachine } from './this-machine.js';

const LEASE_SECONDS = 60;
/** Whoever takes or renews does so in milliseconds: a taking that is older was broken off. */
const TAKING_SECONDS = 10;

/** What the lock file says. */
interface Holder {
  /** Rises with each taking. */
  token: number;
  connection: string;
  /** Names the machine and its process numbers: only there can it be asked whether the process lives. */
  machine: string;
  pid: number;
  /** Milliseconds since the epoch. */
  since: number;
  expires: number;
}

/**
 * The right to write a file, kept in `FILE.lock` and renewed while the process lives. Whoever holds it has the lock file
 * open: renewals and checks go through that handle, so that one who was overtaken can neither renew nor believe to hold.
 */
export class FileLease {
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly holder: Holder,
    private readonly clock: () => number,
    private readonly seconds: number,
  ) {}

  get token(): number {
    return this.holder.token;
  }

  /**
   * Takes the lease of a file. `floor` is the highest token that the file itself has seen.
   * Throws ConnectorError (transient) that says who holds it and since when.
   */
  static async take(file: string, options: OpenOptions, floor: () => Promise<number>): Promise<FileLease> {
    const path = `${file}.lock`;
    await mkdir(dirname(path), { recursive: true });
    return exclusively(`${path}.taking`, async () => {
      const before = await readHolder(path);
      const now = options.clock();
      if (before && isHeld(before, now)) throw held(file, before);
      if (before) options.log('WARN', `${file} was held by process ${before.pid}, which is gone: it is taken over.`);
      const seconds = options.leaseSeconds ?? LEASE_SECONDS;
      const holder: Holder = {
        token: Math.max(before?.token ?? 0, await floor()) + 1,
        connection: options.connection,
        machine: thisMachine(),
        pid: process.pid,
        since: now,
        expires: now + seconds * 1_000,
      };
      const fresh = `${path}.${process.pid}.new`;
      const handle = await open(fresh, 'w+', 0o600);
      const lease = new FileLease(path, handle, holder, options.clock, seconds);
      await lease.write();
      await rename(fresh, path);
      lease.timer = setInterval(() => void lease.renew(), Math.max(100, (seconds * 1_000) / 4));
      lease.timer.unref();
      return lease;
    });
  }

  /** Throws ConnectorError (system) when another runner has taken over. */
  async check(): Promise<void> {
    const [ours, there] = await Promise.all([this.handle.stat(), stat(this.path).catch(() => undefined)]);
    if (there && there.ino === ours.ino && there.dev === ours.dev) return;
    throw new ConnectorError('system', `Another runner has taken over: ${this.path} is not this process's any more.`);
  }

  async release(): Promise<void> {
    clearInterval(this.timer);
    const mine = await this.check().then(
      () => true,
      () => false,
    );
    if (mine) await unlink(this.path).catch(() => undefined);
    await this.handle.close();
  }

  private async renew(): Promise<void> {
    this.holder.expires = this.clock() + this.seconds * 1_000;
    // What fails here shows at the next check; until then the lease only runs out sooner.
    await this.write().catch(() => undefined);
  }

  /** One line of constant length: a reader never meets the rest of an older, longer one. */
  private async write(): Promise<void> {
    const text = `${JSON.stringify(this.holder).padEnd(510)}\n`;
    await this.handle.write(text, 0, 'utf8');
  }
}

function isHeld(holder: Holder, now: number): boolean {
  if (holder.machine !== thisMachine()) return holder.expires > now;
  return isAlive(holder.pid) && holder.expires > now;
}

function held(file: string, holder: Holder): ConnectorError {
  const since = new Date(holder.since).toISOString();
  const until = new Date(holder.expires).toISOString();
  return new ConnectorError(
    'transient',
    `${file} is held by another runner: process ${holder.pid} on ${holder.machine.split(' ')[0]} syncs the connection '${holder.connection}' since ${since}. Wait until it ends; when it has died without a trace, its lease runs out at ${until}.`,
  );
}

async function readHolder(path: string): Promise<Holder | undefined> {
  for (let tries = 0; ; tries++) {
    try {
      return JSON.parse(await readFile(path, 'utf8')) as Holder;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return undefined;
      if (!(error instanceof SyntaxError)) {
        throw new ConnectorError('config', `${path} cannot be read (${code}).`, { cause: error });
      }
      // Met in the middle of a renewal; what stays unreadable was never a whole lock.
      if (tries === 5) return undefined;
      await sleep(20);
    }
  }
}

/** Takings come one after the other: two who find the same dead holder must not both follow it. */
async function exclusively<T>(path: string, take: () => Promise<T>): Promise<T> {
  const mine = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  const handle = await open(mine, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new ConnectorError('config', `${dirname(path)} cannot be written (${error.code}).`, { cause: error });
  });
  await handle.close();
  try {
    // Longer than a taking that was broken off counts: whoever was killed there keeps nobody out.
    const until = Date.now() + (TAKING_SECONDS + 2) * 1_000;
    for (;;) {
      if (await linked(mine, path)) break;
      const there = await stat(path).catch(() => undefined);
      if (there && Date.now() - there.mtimeMs > TAKING_SECONDS * 1_000) await unlink(path).catch(() => undefined);
      else if (Date.now() > until)
        throw new ConnectorError('transient', `Another process is opening the same file (${path}).`);
      else await sleep(20);
    }
    try {
      return await take();
    } finally {
      await unlink(path).catch(() => undefined);
    }
  } finally {
    await unlink(mine).catch(() => undefined);
  }
}

/** A hard link is made by one only, on network file systems too. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
