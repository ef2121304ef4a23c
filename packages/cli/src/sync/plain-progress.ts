import type { LogLevel } from '@tidemark/protocol';
import type { StreamProgress, SyncEvent } from '@tidemark/sync';
import { closingText } from './closing-text.js';
import { eventLines } from './event-line.js';
import { progressLine } from './progress-line.js';
import type { ProgressView, ViewEnd } from './progress-view.js';

const SECONDS_BETWEEN = 10;

/** Progress as plain lines, for logs and CI: when a stream begins or ends, and every 10 seconds for those being read. */
export class PlainProgress implements ProgressView {
  private readonly streams = new Map<string, StreamProgress>();
  private readonly begun = new Set<string>();
  private readonly timer: NodeJS.Timeout;
  private width = 0;

  constructor(
    private readonly print: (line: string) => void,
    private readonly redact: (text: string) => string = (text) => text,
  ) {
    this.timer = setInterval(() => this.tick(), SECONDS_BETWEEN * 1000);
    this.timer.unref();
  }

  event(event: SyncEvent): void {
    for (const line of eventLines(event)) this.print(this.redact(line));
    if (event.type === 'start') {
      this.begun.clear();
      this.streams.clear();
      for (const progress of event.streams) this.show(progress, false);
    } else if ('stream' in event) this.show(event.stream, event.type === 'stream');
  }

  log(level: LogLevel, message: string): void {
    this.print(`${level} ${message}`);
  }

  note(text: string): void {
    this.print(text);
  }

  end(end: ViewEnd): void {
    clearInterval(this.timer);
    for (const line of closingText(end, this.redact)) this.print(line);
  }

  private show(progress: StreamProgress, isOver: boolean): void {
    const { name } = progress.stream;
    this.width = Math.max(this.width, name.length);
    this.streams.set(name, progress);
    if (isOver) this.print(this.line(progress));
    else if (progress.status === 'reading' && !this.begun.has(name)) {
      this.begun.add(name);
      this.print(this.line(progress));
    }
  }

  private tick(): void {
    for (const progress of this.streams.values()) {
      if (progress.status === 'reading') this.print(this.line(progress));
    }
  }

  private line(progress: StreamProgress): string {
    return this.redact(progressLine(progress, this.width));
  }
}
