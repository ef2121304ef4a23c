import type { LogLevel, Message } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { Child, exitInWords } from './child.js';
import { errorOf, parseMessage } from './message.js';
import { launch, type Program, type Verb } from './program.js';
import { SecretFiles } from './secret-files.js';

/** A first `docker run` fetches the image. */
const ANSWER_MS = 900_000;
const END_MS = 10_000;
/** Once the run was told to stop: all of that takes under five seconds. */
const STOP_MS = 2_000;

/** What is given from outside to whatever runs a program. */
export interface ProgramContext {
  log: (level: LogLevel, message: string) => void;
  redact: (text: string) => string;
  signal?: AbortSignal;
}

type Answer = Exclude<Message['type'], 'RECORD' | 'STATE' | 'LOG' | 'TRACE' | 'CONTROL'>;

/**
 * Asks a program one thing (`spec`, `check`, `discover`) and gives its answer. Nothing but the answer matters here: text
 * that is no message is logged. Throws what the program reports, or ConnectorError that says how it ended without an answer.
 */
export async function ask<T extends Answer>(
  program: Program,
  verb: Verb,
  wanted: T,
  config: unknown,
  context: ProgramContext,
): Promise<Extract<Message, { type: T }>> {
  const { signal } = context;
  const files = await SecretFiles.write(program, { config });
  let child: Child | undefined;
  const onStop = () => void child?.stop(STOP_MS);
  signal?.addEventListener('abort', onStop, { once: true });
  try {
    child = await Child.start(launch(program, verb, files), (line) => context.log('DEBUG', line));
    child.stdin.end();
    if (signal?.aborted) onStop();
    return await answerOf(child, verb, wanted, context);
  } finally {
    await child?.stop(signal?.aborted ? STOP_MS : END_MS);
    signal?.removeEventListener('abort', onStop);
    await files.remove();
  }
}

async function answerOf<T extends Answer>(
  child: Child,
  verb: Verb,
  wanted: T,
  context: ProgramContext,
): Promise<Extract<Message, { type: T }>> {
  const { log, redact, signal } = context;
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    void child.stop(END_MS);
  }, ANSWER_MS);
  let answer: Extract<Message, { type: T }> | undefined;
  let error: ConnectorError | undefined;
  try {
    for await (const lines of child.lines()) {
      for (const line of lines) {
        const message = parseMessage(line);
        if (message?.type === wanted) answer = message as Extract<Message, { type: T }>;
        else if (message?.type === 'LOG') log(levelOf(message.log.level), message.log.message);
        else if (message?.type === 'TRACE' && message.trace.type === 'ERROR') error ??= errorOf(message.trace);
        else if (message?.type === 'unparsable') log('DEBUG', `${child.name}: ${line.text.slice(0, 500)}`);
      }
    }
  } finally {
    clearTimeout(late);
  }
  // A failed check is an answer, whatever exit code and trace come with it.
  if (answer) return answer;
  if (error) throw error;
  if (signal?.aborted) throw new ConnectorError('transient', `'${verb}' of ${child.name} was stopped.`);
  const exit = await child.endWithin(END_MS);
  const why = isLate ? `gave no answer within ${ANSWER_MS / 60_000} minutes` : `${exitInWords(exit)} without an answer`;
  throw new ConnectorError('system', redact(`'${verb}' of ${child.name} ${why}.${lastWords(child)}`));
}

/** What standard error said last, for the end of a message. */
export function lastWords(child: Child): string {
  const { lastErrors } = child;
  return lastErrors === '' ? '' : `\nIts last words on standard error:\n${lastErrors.slice(-2_000)}`;
}

const LEVELS: ReadonlySet<string> = new Set(['FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE']);

/** The level of a LOG message; one that the protocol does not have counts as INFO. */
export function levelOf(level: string): LogLevel {
  return LEVELS.has(level) ? (level as LogLevel) : 'INFO';
}
