import { streamKey } from '@tidemark/protocol';
import type { Connection, GlobalState, ReadSettings, RecordData, Source, StreamPage } from '@tidemark/source';

/** One entry of the log: a row of a stream. */
export interface LogEntry {
  stream: string;
  row: RecordData;
}

/** A source whose streams one log feeds: one position for all of them, as in change data capture. */
export class LogSource implements Source {
  /** Positions that were begun at. */
  readonly begun: number[] = [];
  /** What the sink said to be stored after each page. */
  readonly stored: unknown[] = [];
  /** Fails before the entry at this place. */
  failsAt: number | undefined;
  perPage = 4;

  constructor(
    readonly names: string[],
    readonly log: LogEntry[],
  ) {}

  async spec() {
    return { connectionSpecification: { type: 'object' } };
  }

  async connect(): Promise<Connection> {
    return {
      streams: this.names.map((name) => ({
        name,
        describe: () => ({
          name,
          json_schema: { type: 'object', properties: { id: { type: 'integer' }, name: { type: 'string' } } },
          supported_sync_modes: ['full_refresh' as const, 'incremental' as const],
          source_defined_cursor: true,
          source_defined_primary_key: [['id']],
        }),
        open: () => {
          throw new Error('not read alone');
        },
      })),
      concurrency: 1,
      together: new Set(this.names),
      check: async () => ({ succeeded: true }),
      readAll: (settings) => this.readAll(settings),
      close: async () => undefined,
    };
  }

  private async readAll({ catalog, shared, states, sink, signal }: ReadSettings) {
    const streams = catalog.streams.map(({ stream }) => ({ name: stream.name }));
    let position = Number(shared?.position ?? 0);
    this.begun.push(position);
    const seen = new Map(streams.map(({ name }) => [name, Number(states.get(name)?.rows ?? 0)]));
    const state = (): GlobalState => ({
      shared: { position },
      streams: streams.map((stream) => ({ stream, state: { rows: seen.get(stream.name)! } })),
    });
    for (const stream of streams) await sink.status(stream, 'STARTED');
    let failure: Error | undefined;
    while (position < this.log.length && !signal?.aborted) {
      if (this.failsAt !== undefined && position >= this.failsAt) {
        failure = new Error('the log is gone');
        break;
      }
      const entries = this.log.slice(position, position + this.perPage);
      position += entries.length;
      const pages: StreamPage[] = [];
      for (const { name } of streams) {
        const records = entries.filter((entry) => entry.stream === name).map(({ row }) => row);
        seen.set(name, seen.get(name)! + records.length);
        if (records.length > 0) pages.push({ stream: { name }, unit: { id: '', partition: {}, slice: {} }, records });
      }
      await sink.pagesTogether!(pages, state);
      this.stored.push(sink.storedTogether!()?.position);
    }
    const outcome = failure ? ('failed' as const) : signal?.aborted ? ('stopped' as const) : ('complete' as const);
    await sink.finalTogether!(state(), new Map(streams.map((stream) => [streamKey(stream), outcome])));
    for (const stream of streams) await sink.status(stream, outcome === 'complete' ? 'COMPLETE' : 'INCOMPLETE');
    return { outcomes: new Map(streams.map((stream) => [streamKey(stream), outcome])), errors: [] };
  }
}
