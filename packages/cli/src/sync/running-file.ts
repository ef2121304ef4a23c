import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { streamKey } from '@tidemark/protocol';
import {
  type DestinationSpec,
  type StreamFacts,
  type StreamProgress,
  type SyncEvent,
  type SyncObserver,
  streamFacts,
} from '@tidemark/sync';

/** It is written at most so often, and less often where it is long. */
const MS_BETWEEN = 1_000;
const MS_A_STREAM = 1;

/** How far a sync is that is running now, as its process has written it down. */
export interface Running {
  pid: number;
  connection: string;
  job: number;
  attempt: number;
  /** When it was written: ISO 8601, UTC. */
  at: string;
  streams: StreamFacts[];
}

/** Where the sync of a destination that nobody can look into meanwhile says how far it is; undefined where one can look. */
export function runningFileOf(destination: DestinationSpec): string | undefined {
  const { path } = (destination.duckdb ?? {}) as { path?: unknown };
  return typeof path === 'string' ? `${path}.running.json` : undefined;
}

/** What a process that is alive has written down for this connection. */
export function readRunning(file: string, connection: string): Running | undefined {
  try {
    const running = JSON.parse(readFileSync(file, 'utf8')) as Running;
    process.kill(running.pid, 0);
    return running.connection === connection && Array.isArray(running.streams) ? running : undefined;
  } catch {
    // There is none, it is no such file, or its process is gone.
    return undefined;
  }
}

/** Keeps the file while a sync runs. What goes wrong with it is no trouble of the sync. */
export class RunningFile implements SyncObserver {
  private readonly streams = new Map<string, StreamProgress>();
  private job = 0;
  private attempt = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly file: string,
    private readonly about: { connection: string; redact: (text: string) => string },
  ) {}

  event(event: SyncEvent): void {
    if (event.type === 'start') {
      this.job = event.jobId;
      this.attempt = event.attempt;
      this.streams.clear();
      for (const progress of event.streams) this.keep(progress);
    } else if ('stream' in event) this.keep(event.stream);
    else return;
    const pause = Math.max(MS_BETWEEN, this.streams.size * MS_A_STREAM);
    // Later rather than not at all: nothing more may come for long.
    this.timer ??= setTimeout(() => this.write(), event.type === 'start' ? 0 : pause).unref();
  }

  over(): void {}

  async close(): Promise<void> {
    clearTimeout(this.timer);
    rmSync(this.file, { force: true });
  }

  private keep(progress: StreamProgress): void {
    this.streams.set(streamKey(progress.stream), progress);
  }

  private write(): void {
    this.timer = undefined;
    const { connection, redact } = this.about;
    const { pid } = process;
    const streams = [...this.streams.values()].map((progress) => streamFacts(progress, redact));
    const at = new Date().toISOString();
    const running: Running = { pid, connection, job: this.job, attempt: this.attempt, at, streams };
    const fresh = `${this.file}.${pid}`;
    try {
      writeFileSync(fresh, `${JSON.stringify(running)}\n`, { mode: 0o600 });
      renameSync(fresh, this.file);
    } catch {
      rmSync(fresh, { force: true });
    }
  }
}
