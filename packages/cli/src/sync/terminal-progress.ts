import type { StreamProgress, SyncEvent } from '@tidemark/sync';
import { progressLine } from './progress-line.js';
import type { ProgressView } from './progress-view.js';
import { counted } from './text.js';

const MILLISECONDS_BETWEEN = 100;

/** What this view needs of a terminal. */
export interface Terminal {
  write(text: string): unknown;
  columns?: number;
  rows?: number;
}

/** Progress on a terminal: a line for each stream, redrawn in place; other lines are printed above. */
export class TerminalProgress implements ProgressView {
  private readonly streams = new Map<string, StreamProgress>();
  private readonly timer: NodeJS.Timeout;
  private drawn = 0;
  private changed = false;

  constructor(private readonly terminal: Terminal) {
    this.timer = setInterval(() => this.changed && this.draw(), MILLISECONDS_BETWEEN);
    this.timer.unref();
  }

  event(event: SyncEvent): void {
    for (const progress of event.type === 'start' ? event.streams : [event.stream]) {
      this.streams.set(progress.stream.name, progress);
    }
    this.changed = true;
  }

  line(text: string): void {
    this.terminal.write(`${this.erased()}${text}\n`);
    this.draw();
  }

  close(): void {
    clearInterval(this.timer);
    this.terminal.write(this.erased());
  }

  /** Moves back over what was drawn and clears it. */
  private erased(): string {
    const text = this.drawn > 0 ? `\u001b[${this.drawn}A\u001b[0J` : '';
    this.drawn = 0;
    return text;
  }

  private draw(): void {
    this.changed = false;
    const lines = this.fitting([...this.streams.values()]);
    const columns = (this.terminal.columns ?? 80) - 1;
    const text = `${this.erased()}${lines.map((line) => `${line.slice(0, columns)}\n`).join('')}`;
    this.drawn = lines.length;
    this.terminal.write(text);
  }

  /** Only as many lines as the terminal has: those being read come first, the others are counted. */
  private fitting(all: StreamProgress[]): string[] {
    const width = Math.max(0, ...all.map((progress) => progress.stream.name.length));
    const room = Math.max(3, (this.terminal.rows ?? 24) - 3);
    if (all.length <= room) return all.map((progress) => progressLine(progress, width));
    const reading = all.filter((progress) => progress.status === 'reading').slice(0, room - 1);
    const done = all.filter((progress) => progress.status === 'complete').length;
    return [
      ...reading.map((progress) => progressLine(progress, width)),
      `${done} of ${counted(all.length, 'stream')} done`,
    ];
  }
}
