import type { LogLevel } from '@tidemark/protocol';
import type { StreamProgress, SyncEvent } from '@tidemark/sync';
import { closingText } from './closing-text.js';
import { eventLines } from './event-line.js';
import { progressLine } from './progress-line.js';
import type { ProgressView, ViewEnd } from './progress-view.js';
import { counted, duration } from './text.js';

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
  private attempt = 1;
  /** When the next attempt begins, in milliseconds since the epoch. */
  private nextAt: number | undefined;

  constructor(
    private readonly terminal: Terminal,
    private readonly redact: (text: string) => string = (text) => text,
  ) {
    this.timer = setInterval(() => (this.changed || this.nextAt !== undefined) && this.draw(), MILLISECONDS_BETWEEN);
    this.timer.unref();
  }

  event(event: SyncEvent): void {
    for (const line of eventLines(event)) this.note(this.redact(line));
    if (event.type === 'start') {
      this.attempt = event.attempt;
      this.nextAt = undefined;
      this.streams.clear();
      for (const progress of event.streams) this.streams.set(progress.stream.name, progress);
    } else if ('stream' in event) this.streams.set(event.stream.stream.name, event.stream);
    else if (event.type === 'wait' && event.seconds > 0) this.nextAt = Date.now() + event.seconds * 1000;
    this.changed = true;
  }

  log(level: LogLevel, message: string): void {
    this.note(`${level} ${message}`);
  }

  note(text: string): void {
    this.terminal.write(`${this.erased()}${text}\n`);
    this.draw();
  }

  end(end: ViewEnd): void {
    clearInterval(this.timer);
    this.terminal.write(this.erased());
    for (const line of closingText(end, this.redact)) this.terminal.write(`${line}\n`);
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
    if (this.nextAt !== undefined) {
      const seconds = Math.max(0, Math.ceil((this.nextAt - Date.now()) / 1000));
      lines.push(`attempt ${this.attempt + 1} in ${duration(seconds)}`);
    }
    const columns = (this.terminal.columns || 80) - 1;
    const text = `${this.erased()}${lines.map((line) => `${this.redact(line).slice(0, columns)}\n`).join('')}`;
    this.drawn = lines.length;
    this.terminal.write(text);
  }

  /** Only as many lines as the terminal has: those being read come first, the others are counted. */
  private fitting(all: StreamProgress[]): string[] {
    const width = Math.max(0, ...all.map((progress) => progress.stream.name.length));
    const room = Math.max(3, (this.terminal.rows || 24) - 4);
    if (all.length <= room) return all.map((progress) => progressLine(progress, width));
    const reading = all.filter((progress) => progress.status === 'reading').slice(0, room - 1);
    const done = all.filter((progress) => progress.status === 'complete').length;
    return [
      ...reading.map((progress) => progressLine(progress, width)),
      `${done} of ${counted(all.length, 'stream')} done`,
    ];
  }
}
