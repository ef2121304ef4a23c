import type { SyncEvent } from '@tidemark/sync';
import { PlainProgress } from './plain-progress.js';
import { TerminalProgress } from './terminal-progress.js';

/** Shows people how far a sync is. */
export interface ProgressView {
  event(event: SyncEvent): void;
  /** A line beside the progress: a log message, a warning. */
  line(text: string): void;
  close(): void;
}

/** Redrawn lines on a terminal; plain ones where the output is a file, a pipe, CI or a terminal that cannot move. */
export function createProgressView(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): ProgressView {
  const canMove = stream.isTTY && environment.TERM !== 'dumb' && !environment.CI;
  return canMove ? new TerminalProgress(stream) : new PlainProgress((line) => stream.write(`${line}\n`));
}
