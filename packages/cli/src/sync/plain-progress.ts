import type { StreamProgress, SyncEvent } from '@tidemark/sync';
import { progressLine } from './progress-line.js';
import type { ProgressView } from './progress-view.js';

const SECONDS_BETWEEN = 10;

/** Progress as plain lines, for logs and CI: when a stream begins or ends, and every 10 seconds for those being read. */
export class PlainProgress implements ProgressView {
  private readonly streams = new Map<string, StreamProgress>();
  private readonly begun = new Set<string>();
  private readonly timer: NodeJS.Timeout;
  private width = 0;

  constructor(private readonly print: (line: string) => void) {
    this.timer = setInterval(() => this.tick(), SECONDS_BETWEEN * 1000);
    this.timer.unref();
  }

  event(event: SyncEvent): void {
    for (const progress of event.type === 'start' ? event.streams : [event.stream]) {
      const { name } = progress.stream;
      this.width = Math.max(this.width, name.length);
      this.streams.set(name, progress);
      if (event.type === 'stream') this.print(progressLine(progress, this.width));
      else if (progress.status === 'reading' && !this.begun.has(name)) {
        this.begun.add(name);
        this.print(progressLine(progress, this.width));
      }
    }
  }

  line(text: string): void {
    this.print(text);
  }

  close(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    for (const progress of this.streams.values()) {
      if (progress.status === 'reading') this.print(progressLine(progress, this.width));
    }
  }
}
