import type { JsonObject } from '@tidemark/protocol';
import { type RunContext, read, type Sink, type Source } from '@tidemark/source';

/** Keeps what a read hands over: `lines` to be compared, `records` by stream. */
export class ListeningSink {
  readonly lines: string[] = [];
  readonly logs: string[] = [];
  readonly records: Record<string, JsonObject[]> = {};
  /** How many records are beyond the last state. */
  readonly open: Record<string, number> = {};
  configs: JsonObject[] = [];
  /** Called for each page; a promise makes the source wait. */
  onPage: (stream: string, count: number) => void | Promise<void> = () => undefined;

  readonly sink: Sink = {
    page: (stream, _unit, records, state) => {
      this.keep(stream.name, records as JsonObject[], state !== undefined);
      if (state)
        this.lines.push(`${stream.name}: ${this.records[stream.name]!.length} records ${JSON.stringify(state())}`);
      return this.onPage(stream.name, records.length);
    },
    pagesTogether: (pages, state) => {
      for (const page of pages) this.keep(page.stream.name, page.records as JsonObject[], state !== undefined);
      if (state) this.lines.push(`together: ${this.counts()} ${JSON.stringify(state())}`);
    },
    finalTogether: (state, outcomes) => {
      this.lines.push(`together ends: ${JSON.stringify(state)} ${JSON.stringify([...outcomes])}`);
    },
    finalState: (stream, state, outcome) => {
      this.lines.push(`${stream.name} ${outcome}: ${JSON.stringify(state)}`);
    },
    restart: () => undefined,
    status: (stream, what) => {
      this.lines.push(`${stream.name} ${what}`);
    },
    error: (error) => {
      this.lines.push(`error of ${error.stream} (${error.kind}): ${error.message}`);
    },
    log: (level, message) => {
      this.logs.push(`${level} ${message}`);
    },
  };

  /** One read of all streams. */
  async read(
    source: Source,
    states: Record<string, JsonObject> = {},
    signal: AbortSignal = new AbortController().signal,
  ) {
    const secrets: string[] = [];
    const context: RunContext = {
      clock: Date.now,
      log: this.sink.log,
      addSecret: (value) => secrets.push(value),
      redact: (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, '****'), text),
      configChanged: (config) => this.configs.push(config),
      signal,
    };
    const connection = await source.connect({ account: 'a', door_code: 'hush-hush' }, context);
    const streams = [];
    for (const stream of connection.streams) {
      const description = await stream.describe();
      const incremental = description.supported_sync_modes.includes('incremental');
      streams.push({
        stream: description,
        sync_mode: incremental ? ('incremental' as const) : ('full_refresh' as const),
        destination_sync_mode: 'append' as const,
        generation_id: 3,
        minimum_generation_id: 0,
        sync_id: 7,
      });
    }
    try {
      return await read({
        connection,
        catalog: { streams },
        states: new Map(Object.entries(states)),
        sink: this.sink,
        signal,
      });
    } finally {
      await connection.close();
    }
  }

  private keep(name: string, records: JsonObject[], isCovered: boolean): void {
    this.records[name] ??= [];
    this.records[name].push(...records);
    this.open[name] = isCovered ? 0 : (this.open[name] ?? 0) + records.length;
  }

  private counts(): string {
    return Object.entries(this.records)
      .map(([name, records]) => `${name} ${records.length}`)
      .join(', ');
  }
}
