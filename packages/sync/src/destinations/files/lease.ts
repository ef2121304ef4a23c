import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { ConnectorError } from '@tidemark/source';
import type { OpenOptions } from '../../destination.js';
import { Overtaken, type Place } from './place.js';

/** After this many seconds of silence a runner counts as dead. */
const LEASE_SECONDS = 60;

/** Who holds a connection, as the lease file says it. */
interface LeaseFile {
  /** Names the holder for people. */
  holder: string;
  id: string;
  /** Rises with each taking. */
  token: number;
  since: number;
  /** Milliseconds since the epoch; 0 when it was given back. */
  expires: number;
  pid: number;
  /** Processes with the same value see each other's numbers. */
  processes?: string;
}

const HELD = Symbol.for('tidemark.files.held');
/** The leases that this process holds: a former process may have had the same number. */
function held(): Set<string> {
  const holder = globalThis as { [HELD]?: Set<string> };
  holder[HELD] ??= new Set();
  return holder[HELD];
}

/** A connection held against other runners, in a file that is renewed for as long as the runner lives. */
export class Lease {
  private timer: NodeJS.Timeout | undefined;
  private renewing: Promise<void> = Promise.resolve();
  private isLost = false;

  private constructor(
    private readonly place: Place,
    private readonly path: string,
    private readonly options: OpenOptions,
    private file: LeaseFile,
    private version: string,
  ) {}

  get token(): number {
    return this.file.token;
  }

  /** Somebody else has taken the connection over. */
  get lost(): boolean {
    return this.isLost;
  }

  /** Takes the lease, or throws ConnectorError (transient) that says who holds it. */
  static async take(place: Place, path: string, options: OpenOptions): Promise<Lease> {
    const found = await place.read(path);
    const before = found && parse(found.text);
    const now = options.clock();
    if (before && now < before.expires && !isGone(before)) throw inUse(place, options.connection, before);
    const id = randomBytes(8).toString('hex');
    const file: LeaseFile = {
      holder: `process ${process.pid} on ${hostname()}`,
      id,
      token: (before?.token ?? 0) + 1,
      since: now,
      expires: now + seconds(options) * 1_000,
      pid: process.pid,
      processes: processSpace(),
    };
    held().add(id);
    try {
      const version = await place.replace(path, JSON.stringify(file), found?.version);
      const lease = new Lease(place, path, options, file, version);
      lease.timer = setInterval(() => lease.renew(), (seconds(options) * 1_000) / 3);
      lease.timer.unref();
      return lease;
    } catch (error) {
      held().delete(id);
      if (!(error instanceof Overtaken)) throw error;
      const winner = await place.read(path);
      throw inUse(place, options.connection, winner && parse(winner.text));
    }
  }

  /** Gives it back. Does not throw. */
  async release(): Promise<void> {
    clearInterval(this.timer);
    await this.renewing;
    held().delete(this.file.id);
    if (this.isLost) return;
    await this.write(0).catch(() => undefined);
  }

  private renew(): void {
    this.renewing = this.renewing.then(async () => {
      if (this.isLost) return;
      try {
        await this.write(this.options.clock() + seconds(this.options) * 1_000);
      } catch (error) {
        // A place that cannot be reached now may be later; a commit finds out for itself.
        if (error instanceof Overtaken) await this.overtaken();
      }
    });
  }

  /** A renewal whose answer got lost looks like somebody else's. */
  private async overtaken(): Promise<void> {
    const found = await this.place.read(this.path).catch(() => undefined);
    if (!found) return;
    if (parse(found.text)?.id === this.file.id) this.version = found.version;
    else this.isLost = true;
  }

  private async write(expires: number): Promise<void> {
    const file = { ...this.file, expires };
    this.version = await this.place.replace(this.path, JSON.stringify(file), this.version);
    this.file = file;
  }
}

function seconds(options: OpenOptions): number {
  return options.leaseSeconds ?? LEASE_SECONDS;
}

function parse(text: string): LeaseFile | undefined {
  try {
    const file = JSON.parse(text) as LeaseFile;
    return typeof file.token === 'number' && typeof file.expires === 'number' ? file : undefined;
  } catch {
    return undefined;
  }
}

/** The holder is certainly dead: its process is gone where we would see it. */
function isGone(file: LeaseFile): boolean {
  if (file.processes === undefined || file.processes !== processSpace()) return false;
  if (file.pid === process.pid) return !held().has(file.id);
  try {
    process.kill(file.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** What processes that see each other have in common: this boot of this machine, and its container. */
function processSpace(): string | undefined {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

function inUse(place: Place, connection: string, file: LeaseFile | undefined): ConnectorError {
  const who = file ? `by ${file.holder} since ${new Date(file.since).toISOString()}` : 'by another runner';
  const until = file ? ` If that one is dead, its lease ends at ${new Date(file.expires).toISOString()}.` : '';
  return new ConnectorError(
    'transient',
    `The connection '${connection}' is in use ${who} (${place.name}).${until} Wait for it, or end it, and run this again.`,
  );
}
