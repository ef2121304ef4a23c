import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LogLevel } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { Line } from './lines.js';
import type { NoMessage } from './message.js';

/**
 * What is done with a line that is no message. `fail`: the sync ends with an error. `quarantine`: it is put into a file and
 * counted. `log`: plain text is logged as a warning and counted, everything else fails.
 */
export type UnparsablePolicy = 'fail' | 'quarantine' | 'log';

/** The lines of one run that were no messages: none of them is dropped. */
export class UnparsableLines {
  count = 0;
  private file: FileHandle | undefined;

  constructor(
    private readonly policy: UnparsablePolicy,
    private readonly path: string,
    private readonly name: string,
    private readonly log: (level: LogLevel, message: string) => void,
  ) {}

  /** Where they are, once there are any. */
  get quarantine(): string | undefined {
    return this.file && this.path;
  }

  /** Throws ConnectorError (system) where the policy lets it not pass. */
  async take(line: Line, { why, isPlainText }: NoMessage): Promise<void> {
    const shown = line.text.length > 200 ? `${line.text.slice(0, 200)}…` : line.text;
    if (this.policy === 'fail' || (this.policy === 'log' && !isPlainText)) {
      const say = isPlainText ? "'unparsable: log' to have such text logged, " : '';
      throw new ConnectorError(
        'system',
        `${this.name} wrote a line that is no message of the protocol (${why}), so something may be lost: ${shown}\nSet ${say}'unparsable: quarantine' to put such lines into a file and go on.`,
      );
    }
    this.count++;
    if (this.policy === 'log') {
      this.log('WARN', `${this.name} (no message): ${shown}`);
      return;
    }
    if (!this.file) {
      await mkdir(dirname(this.path), { recursive: true });
      this.file = await open(this.path, 'a', 0o600);
      this.log('WARN', `${this.name} writes lines that are no messages (${why}): they are kept in ${this.path}.`);
    }
    await this.file.write(`${line.text}\n`);
  }

  async close(): Promise<void> {
    if (this.count > 0 && this.policy === 'quarantine')
      this.log('WARN', `${this.count} lines of ${this.name} were no messages; they are in ${this.path}.`);
    await this.file?.sync();
    await this.file?.close();
  }
}
