import type { JsonObject } from '@tidemark/protocol';
import type { RunContext } from '@tidemark/source';
import type { CommandOptions } from './options.js';
import { LineWriter } from './output/line-writer.js';
import { chosenLogLevel } from './output/log-level.js';
import { MessageOutput } from './output/message-output.js';
import { stopSignal } from './stop-signal.js';

/** What a protocol command runs in. */
export interface Session {
  readonly output: MessageOutput;
  readonly context: RunContext;
}

/** Standard output, logs, secrets and signals of one protocol command. */
export async function openSession(options: CommandOptions): Promise<Session> {
  const { createRedactor } = await import('@tidemark/declarative');
  const { addSecret, redact } = createRedactor();
  const human = (line: string): void => void process.stderr.write(`tidemark: ${line}\n`);
  const level = chosenLogLevel(options.debug, process.env.LOG_LEVEL);
  const output = new MessageOutput(new LineWriter(process.stdout), human, redact, level);
  const context: RunContext = {
    clock: output.clock,
    log: (logLevel, message) => output.log(logLevel, message),
    addSecret,
    redact,
    configChanged: (config: JsonObject) =>
      void output.message({
        type: 'CONTROL',
        control: { type: 'CONNECTOR_CONFIG', emitted_at: output.clock(), connectorConfig: { config } },
      }),
    signal: stopSignal().signal,
  };
  return { output, context };
}
