import { ConnectorError } from '@tidemark/source';
import type { CommandOptions } from '../options.js';
import { openSession, type Session } from '../session.js';

/**
 * Runs a protocol command: what it throws becomes a TRACE message, and everything is written before the process ends.
 * Gives the exit code, 0 or 1.
 */
export async function runProtocol(
  options: CommandOptions,
  run: (session: Session) => Promise<number>,
): Promise<number> {
  const session = await openSession(options);
  let code = 1;
  try {
    code = await run(session);
  } catch (error) {
    await session.output.error(ConnectorError.from(error));
  }
  try {
    await session.output.lines.flush();
  } catch (error) {
    process.stderr.write(`tidemark: the output cannot be written: ${(error as Error).message}\n`);
    return 1;
  }
  return code;
}
