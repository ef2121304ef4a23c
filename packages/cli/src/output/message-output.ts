import { type LogLevel, type Message, stringify } from '@tidemark/protocol';
import type { ConnectorError } from '@tidemark/source';
import { errorTrace } from './error-trace.js';
import type { LineWriter } from './line-writer.js';
import { isShown } from './log-level.js';

/** Standard output as the protocol wants it: messages, one a line, and nothing else. People read standard error. */
export class MessageOutput {
  constructor(
    readonly lines: LineWriter,
    private readonly human: (line: string) => void,
    private readonly redact: (text: string) => string,
    private readonly level: LogLevel,
    readonly clock: () => number = Date.now,
  ) {}

  /** Writes one message. Records go past this, prepared a page at a time. */
  message(message: Message): void | Promise<void> {
    return this.lines.write(`${stringify(message)}\n`);
  }

  log(level: LogLevel, text: string): void {
    if (isShown(level, this.level)) void this.message({ type: 'LOG', log: { level, message: this.redact(text) } });
  }

  /** The error as a TRACE message, and a line for people. `namespace` is that of the stream that it names. */
  error(error: ConnectorError, namespace?: string): void | Promise<void> {
    const about = error.stream === undefined ? '' : `stream ${error.stream}: `;
    this.human(this.redact(`${about}${error.message}`));
    if (this.level === 'DEBUG' || this.level === 'TRACE') this.human(this.redact(error.stack ?? ''));
    return this.message(errorTrace(error, this.clock(), this.redact, namespace));
  }
}
