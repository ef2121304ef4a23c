import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { type CommandFacts, commands } from './commands.js';

const EXAMPLES = `
Examples:
  tidemark validate manifest.yaml
  tidemark check manifest.yaml --config config.json
  tidemark discover manifest.yaml --config config.json
  tidemark read manifest.yaml --config config.json --catalog catalog.json --state state.json
  tidemark sync manifest.yaml --config config.json --to duckdb:data.duckdb
  tidemark sync postgres://reader@db.example.com/shop --config secrets.json --to duckdb:shop.duckdb
  tidemark sync connection.yaml
  tidemark status connection.yaml

spec, check, discover and read print Airbyte protocol messages on standard output, one JSON object a line, and nothing
else. Everything for people goes to standard error.`;

const GROUPS: Readonly<Record<string, string>> = { state: 'print or set the states of a connection' };

/** The command line with its help and its explanations. A command's exit code is put into `outcome`. */
export function createProgram(outcome: { code: number }): Command {
  const program = new Command('tidemark')
    .description('Reads HTTP APIs by connectors in YAML, and databases, and goes on where it stopped.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });
  for (const facts of commands) addCommand(program, facts, outcome);
  return program;
}

function addCommand(program: Command, facts: CommandFacts, outcome: { code: number }): void {
  const words = facts.name.split(' ');
  const parent = words.length > 1 ? group(program, words[0]!) : program;
  const command = parent
    .command(words.at(-1)!)
    .description(facts.description)
    .argument(`<${facts.argument}>`, facts.argumentDescription);
  for (const [name, { value, description, multiple }] of Object.entries(facts.options)) {
    const flags = value === undefined ? `--${name}` : `--${name} <${value}>`;
    if (multiple) command.option(flags, description, (text: string, all: string[] = []) => [...all, text]);
    else command.option(flags, description);
  }
  if (facts.examples !== undefined) command.addHelpText('after', facts.examples);
  const { second } = facts;
  if (second) command.argument(`<${second.name}>`, second.description);
  command.action(async (file: string, ...rest: unknown[]) => {
    const options = rest[second ? 1 : 0] as Record<string, unknown>;
    outcome.code = await facts.run(file, second ? { ...options, [second.name]: rest[0] } : options);
  });
}

/** The command whose words of their own are commands: `state` of `state export`. */
function group(program: Command, name: string): Command {
  const known = program.commands.find((command) => command.name() === name);
  return (
    known ??
    program
      .command(name)
      .description(GROUPS[name] ?? '')
      .exitOverride()
  );
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
