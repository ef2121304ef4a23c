import { protocolCommands } from './commands.js';
import { quickParse } from './quick-parse.js';

/**
 * Runs one command line and ends the process with its exit code, after everything that was printed is on its way.
 */
export async function main(args: string[]): Promise<void> {
  process.stdout.on('error', readerGone);
  process.stderr.on('error', () => undefined);
  const code = await run(args).catch((error: unknown) => {
    process.stderr.write(`tidemark: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  });
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  process.exit(code);
}

/** Whoever reads the output has seen enough (`tidemark read … | head`): no error of ours. */
function readerGone(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
}

async function run(args: string[]): Promise<number> {
  const quick = quickParse(args);
  return quick ? quick.command.run(quick.file, quick.options) : explained(args);
}

/** Help, versions, and what is wrong with a command line. */
async function explained(args: string[]): Promise<number> {
  const { CommanderError } = await import('commander');
  const { createProgram } = await import('./program.js');
  const outcome = { code: 0 };
  try {
    await createProgram(outcome).parseAsync(args, { from: 'user' });
    return outcome.code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // --help and --version end as errors of code 0; for the rest commander has printed what was wrong.
    return error.exitCode === 0 ? 0 : usageCode(args);
  }
}

/** The protocol commands know only 0 and 1; a scheduler that runs the others can tell wrong usage from a failed run. */
function usageCode(args: string[]): number {
  return protocolCommands.some(({ name }) => args.includes(name)) ? 1 : 2;
}
