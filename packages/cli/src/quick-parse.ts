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
  const words = (name: string): string[] => name.split(' ');
  const command = commands.find(({ name }) => words(name).every((word, index) => word === args[index]));
  if (!command) return undefined;
  try {
    const options = Object.fromEntries(
      Object.entries(command.options).map(([name, { value, multiple = false }]) => [
        name.replace(/^no-/, ''),
        { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple },
      ]),
    );
    const parsed = parseArgs({
      args: args.slice(words(command.name).length),
      options,
      allowPositionals: true,
      allowNegative: true,
      tokens: true,
    });
    const [file, ...more] = parsed.positionals;
    if (file === undefined || more.length !== (command.second ? 1 : 0)) return undefined;
    // What the table does not have in this form (`--no-debug`, `--custom-code`) is left to the library.
    const known = parsed.tokens.every((token) => token.kind !== 'option' || token.rawName.slice(2) in command.options);
    const second = command.second ? { [command.second.name]: more[0] } : {};
    return known ? { command, file, options: { ...camelCased(parsed.values), ...second } } : undefined;
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
