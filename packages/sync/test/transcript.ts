import type { Destination, StreamSelection, SyncEvent, SyncResult } from '@tidemark/sync';
import { openDestination, type SyncSettings, sync } from '@tidemark/sync';
import type { FakeSource } from './fake-source.ts';

/** Runs syncs of one connection, each of one attempt, and keeps what happened as lines that one can read. */
export class Transcript {
  readonly lines: string[] = [];
  readonly logs: string[] = [];
  readonly events: SyncEvent[] = [];
  config = {};
  streams: StreamSelection[] | undefined;

  constructor(
    readonly source: FakeSource,
    readonly file: string,
  ) {}

  async run(more: Partial<SyncSettings> = {}): Promise<SyncResult> {
    const requests = this.source.requests.length;
    const destination: Destination = await openDestination(`duckdb:${this.file}`);
    const result = await sync({
      source: this.source,
      config: this.config,
      destination,
      connection: 'test',
      streams: this.streams,
      retry: false,
      log: (level, message) => this.logs.push(`${level} ${message}`),
      onEvent: (event) => this.events.push(event),
      ...more,
    });
    this.lines.push(`job ${result.jobId} attempt ${result.attempt}: ${result.outcome}`);
    for (const line of this.source.requests.slice(requests)) this.lines.push(`  ask ${line}`);
    for (const { stream, status, committed, resumed, earlier, error } of result.streams) {
      const how = `${earlier ? ' earlier' : ''}${resumed ? ' resumed' : ''}${error ? ` (${error.message})` : ''}`;
      this.lines.push(`  ${stream.name} ${status}, ${committed} rows${how}`);
    }
    return result;
  }
}
