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
  tidemark sync connection.yaml

spec, check, discover and read print Airbyte protocol messages on standard output, one JSON object a line, and nothing
else. Everything for people goes to standard error.`;

/** The command line with its help and its explanations. A command's exit code is put into `outcome`. */
export function createProgram(outcome: { code: number }): Command {
  const program = new Command('tidemark')
    .description('Runs connectors that are written in YAML: reads an HTTP API and goes on where it stopped.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });
  for (const facts of commands) addCommand(program, facts, outcome);
  return program;
}

function addCommand(program: Command, facts: CommandFacts, outcome: { code: number }): void {
  const command = program
    .command(facts.name)
    .description(facts.description)
    .argument(`<${facts.argument}>`, facts.argumentDescription);
  for (const [name, { value, description }] of Object.entries(facts.options)) {
    command.option(value === undefined ? `--${name}` : `--${name} <${value}>`, description);
  }
  if (facts.examples !== undefined) command.addHelpText('after', facts.examples);
  command.action(async (file: string, options: Record<string, unknown>) => {
    outcome.code = await facts.run(file, options);
  });
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
