import { parseArgs } from 'node:util';
import { type CommandFacts, commands } from './commands.js';

/** A command line that was understood. */
export interface ParsedCommand {
  command: CommandFacts;
  file: string;
  options: Record<string, unknown>;
}

/**
 * Parses a command line that is right, without the library that explains wrong ones: loading that takes longer than
 * everything else that `tidemark spec` does here. Undefined when there is anything to explain or to print.
 */
export function quickParse(args: readonly string[]): ParsedCommand | undefined {
  const command = commands.find(({ name }) => name === args[0]);
  if (!command) return undefined;
  try {
    const options = Object.fromEntries(
      Object.entries(command.options).map(([name, { value }]) => [
        name.replace(/^no-/, ''),
        { type: value === undefined ? ('boolean' as const) : ('string' as const) },
      ]),
    );
    const parsed = parseArgs({
      args: args.slice(1),
      options,
      allowPositionals: true,
      allowNegative: true,
      tokens: true,
    });
    const [file, ...more] = parsed.positionals;
    if (file === undefined || more.length > 0) return undefined;
    // What the table does not have in this form (`--no-debug`, `--custom-code`) is left to the library.
    const known = parsed.tokens.every((token) => token.kind !== 'option' || token.rawName.slice(2) in command.options);
    return known ? { command, file, options: camelCased(parsed.values) } : undefined;
  } catch {
    return undefined;
  }
}

function camelCased(values: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(values).map(([name, value]) => [
    name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  return Object.fromEntries(entries);
}
