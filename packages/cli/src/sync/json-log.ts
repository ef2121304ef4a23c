import type { LogLevel } from '@tidemark/protocol';
import type { SyncEvent } from '@tidemark/sync';
import { errorFacts, schemaChangeFacts, streamFacts, unparsableFacts } from '@tidemark/sync';
import type { ProgressView, ViewEnd } from './progress-view.js';

/** Progress of a stream is told at most this often. */
const SECONDS_BETWEEN = 10;

/**
 * What happens as JSON, one object a line: `at`, `event`, and what the event is about. docs/sync.md says what is in each; keys
 * may come, none goes or changes its meaning.
 */
export class JsonLog implements ProgressView {
  private readonly told = new Map<string, number>();

  constructor(
    private readonly print: (line: string) => void,
    private readonly redact: (text: string) => string,
    private readonly clock: () => number = Date.now,
  ) {}

  event(event: SyncEvent): void {
    switch (event.type) {
      case 'start':
        this.told.clear();
        this.write('start', {
          job: event.jobId,
          attempt: event.attempt,
          streams: event.streams.map((one) => streamFacts(one, this.redact)),
        });
        break;
      case 'progress':
      case 'checkpoint':
        this.progress(event.stream);
        break;
      case 'stream':
        this.write('stream', { stream: streamFacts(event.stream, this.redact) });
        break;
      case 'schema':
        this.write('schema', { changes: event.changes.map(schemaChangeFacts) });
        break;
      case 'attempt': {
        const { jobId, attempt, rows, attempts } = event.result;
        const own = attempts.at(-1);
        this.write('attempt', {
          job: jobId,
          attempt,
          outcome: own?.outcome ?? event.result.outcome,
          rows: own?.rows ?? rows,
          seconds: own?.elapsedSeconds ?? 0,
          errors: (own?.errors ?? []).map((error) => errorFacts(error, this.redact)),
          unparsable: unparsableFacts(own ? [own] : []),
        });
        break;
      }
      case 'wait':
        this.write('wait', {
          seconds: event.seconds,
          next_attempt: event.nextAttempt,
          error: event.error ? errorFacts(event.error, this.redact) : null,
        });
        break;
    }
  }

  log(level: LogLevel, message: string): void {
    this.write('log', { level, message });
  }

  note(text: string): void {
    this.log('INFO', text);
  }

  end({ result, error, exitCode, destination }: ViewEnd): void {
    const errors = result?.errors ?? (error ? [error] : []);
    this.write('end', {
      destination: destination === undefined ? null : this.redact(destination),
      job: result?.jobId ?? null,
      attempt: result?.attempt ?? null,
      outcome: result?.outcome ?? (exitCode > 128 ? 'stopped' : 'failed'),
      exit_code: exitCode,
      rows: result?.rows ?? 0,
      seconds: result?.elapsedSeconds ?? 0,
      streams: (result?.streams ?? []).map((stream) => streamFacts(stream, this.redact)),
      errors: errors.map((one) => errorFacts(one, this.redact)),
      unparsable: unparsableFacts(result?.attempts ?? []),
    });
  }

  private progress(stream: Extract<SyncEvent, { type: 'progress' }>['stream']): void {
    const key = `${stream.stream.namespace ?? ''}.${stream.stream.name}`;
    const now = this.clock();
    const before = this.told.get(key);
    if (before !== undefined && now - before < SECONDS_BETWEEN * 1000 && now >= before) return;
    this.told.set(key, now);
    this.write('progress', { stream: streamFacts(stream, this.redact), records_per_second: Math.round(stream.rate) });
  }

  private write(event: string, facts: object): void {
    this.print(JSON.stringify({ at: new Date(this.clock()).toISOString(), event, ...facts }));
  }
}
