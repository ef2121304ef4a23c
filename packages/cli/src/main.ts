import { CommanderError } from 'commander';
import { createProgram } from './program.js';

/**
 * Runs one command line and ends the process with its exit code, after everything that was printed is on its way.
 */
export async function main(args: string[]): Promise<void> {
  process.stdout.on('error', readerGone);
  process.stderr.on('error', () => undefined);
  const code = await run(args);
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  process.exit(code);
}

/** Whoever reads the output has seen enough (`tidemark read … | head`): no error of ours. */
function readerGone(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
}

async function run(args: string[]): Promise<number> {
  const outcome = { code: 0 };
  const program = createProgram(outcome);
  try {
    await program.parseAsync(args, { from: 'user' });
    return outcome.code;
  } catch (error) {
    // --help and --version end as errors of code 0; for the rest commander has printed what was wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageCode(args);
    process.stderr.write(`tidemark: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  }
}

/** The protocol commands know only 0 and 1; a scheduler that runs the others can tell wrong usage from a failed run. */
function usageCode(args: string[]): number {
  const command = args.find((arg) => !arg.startsWith('-'));
  return command !== undefined && ['spec', 'check', 'discover', 'read'].includes(command) ? 1 : 2;
}
