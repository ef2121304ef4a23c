import type { LogLevel } from '@tidemark/protocol';
import type { ConnectorError } from '@tidemark/source';
import type { SyncEvent, SyncResult } from '@tidemark/sync';
import { JsonLog } from './json-log.js';
import { PlainProgress } from './plain-progress.js';
import { TerminalProgress } from './terminal-progress.js';

/** Shows how far a sync is. */
export interface ProgressView {
  event(event: SyncEvent): void;
  log(level: LogLevel, message: string): void;
  /** A word for people beside the progress. */
  note(text: string): void;
  /** The sync is over; nothing is shown after this. */
  end(end: ViewEnd): void;
}

/** How a sync ended: with a result, or with the error that kept it from beginning. */
export interface ViewEnd {
  result?: SyncResult;
  error?: ConnectorError;
  exitCode: number;
  /** The destination's name; absent when it was not even known. */
  destination?: string;
}

/** What a view is made with. */
export interface ViewOptions {
  stream: NodeJS.WriteStream;
  environment: NodeJS.ProcessEnv;
  /** `json`: one object a line, for machines. */
  form: 'text' | 'json';
  redact: (text: string) => string;
}

/**
 * Redrawn lines on a terminal; plain ones where the output is a file, a pipe, CI or a terminal that cannot move; JSON when it
 * was asked for.
 */
export function createProgressView({ stream, environment, form, redact }: ViewOptions): ProgressView {
  const print = (line: string): void => void stream.write(`${line}\n`);
  if (form === 'json') return new JsonLog(print, redact);
  const canMove = stream.isTTY && environment.TERM !== 'dumb' && !environment.CI;
  return canMove ? new TerminalProgress(stream, redact) : new PlainProgress(print, redact);
}
