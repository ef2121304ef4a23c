import { ConnectorError } from '@tidemark/source';
import type { Destination, Session } from '@tidemark/sync';
import { readTarget, type Target, type TargetOptions } from './job-order.js';
import { openTarget } from './open-target.js';

/** Options of the commands that look at the books of a connection or change them. */
export interface BooksOptions extends TargetOptions {
  debug?: boolean;
}

/** A connection whose books are open. */
export interface OpenConnection {
  target: Target;
  destination: Destination;
  session: Session;
  /** Takes secrets out of a text. */
  redact: (text: string) => string;
  warn: (message: string) => void;
}

/** What is done instead where the books of a connection are held by a sync that is running; gives the exit code. */
export type WhileHeld = (target: Target, redact: (text: string) => string) => number | undefined;

/**
 * Opens the books of a connection, runs a command with them and closes them. `readOnly`: beside a sync that is running, where
 * the destination can. Gives the exit code: what the command gave, 2 for wrong usage or configuration, 1 for the rest.
 */
export async function withSession(
  file: string,
  options: BooksOptions,
  readOnly: boolean,
  run: (connection: OpenConnection) => Promise<number>,
  whileHeld?: WhileHeld,
): Promise<number> {
  const { createRedactor } = await import('@tidemark/declarative');
  const { addSecret, redact } = createRedactor();
  const print = (text: string): void => void process.stderr.write(`tidemark: ${redact(text)}\n`);
  let target: Target | undefined;
  try {
    target = await readTarget(file, options);
    for (const secret of target.secrets) addSecret(secret);
    const destination = await openTarget(target);
    const log = (level: string, message: string): void => {
      if (level === 'WARN') print(message);
    };
    const session = await destination.open({ clock: Date.now, log, connection: target.name, readOnly });
    try {
      return await run({ target, destination, session, redact, warn: print });
    } finally {
      await session.close();
    }
  } catch (error) {
    const failure = ConnectorError.from(error);
    const code = target && failure.kind === 'transient' ? whileHeld?.(target, redact) : undefined;
    if (code !== undefined) return code;
    print(failure.message);
    if (readOnly && failure.kind === 'transient') print('A sync that is running prints how far it is itself.');
    if (options.debug) print(failure.stack ?? '');
    return failure.kind === 'config' ? 2 : 1;
  }
}
