import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { ReadOptions } from './commands/read.js';
import type { SyncOptions } from './commands/sync.js';
import type { CommandOptions, SourceOptions } from './options.js';

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

const SYNC_EXAMPLES = `
Examples:
  tidemark sync manifest.yaml --config config.json --to duckdb:data.duckdb
  tidemark sync manifest.yaml --config config.json --to duckdb:data.duckdb --streams users,orders
  tidemark sync connection.yaml
  tidemark sync connection.yaml --restart

A run that was stopped or killed goes on at the page where it was; --restart begins anew.

Exit codes: 0 all streams done, 1 failed, 2 wrong usage, manifest or config, 3 some streams are missing,
130 and 143 stopped by Ctrl-C or SIGTERM with everything read so far committed.`;

/** The command line. Each command's code is loaded when that command runs; its exit code is put into `outcome`. */
export function createProgram(outcome: { code: number }): Command {
  const program = new Command('tidemark')
    .description('Runs connectors that are written in YAML: reads an HTTP API and goes on where it stopped.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });

  protocolCommand(program, 'spec', 'print what the configuration must look like').action(
    async (manifest: string, options: CommandOptions) => {
      outcome.code = await (await import('./commands/spec.js')).spec(manifest, options);
    },
  );
  withConfig(protocolCommand(program, 'check', 'say whether the API can be reached with this configuration')).action(
    async (manifest: string, options: SourceOptions) => {
      outcome.code = await (await import('./commands/check.js')).check(manifest, options);
    },
  );
  withConfig(protocolCommand(program, 'discover', 'print the streams and their schemas')).action(
    async (manifest: string, options: SourceOptions) => {
      outcome.code = await (await import('./commands/discover.js')).discover(manifest, options);
    },
  );
  withConfig(protocolCommand(program, 'read', 'print the records and states of the streams'))
    .option('--catalog <file>', 'configured catalog (JSON); without it every stream is read')
    .option('--state <file>', 'state to go on from (JSON)')
    .action(async (manifest: string, options: ReadOptions) => {
      outcome.code = await (await import('./commands/read.js')).readCommand(manifest, options);
    });
  validateCommand(program, outcome);
  syncCommand(program, outcome);
  return program;
}

function protocolCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('<manifest>', 'the manifest (YAML or JSON)')
    .option('--no-custom-code', 'do not run components.ts beside the manifest')
    .option('--debug', 'log more, and print stack traces');
}

function withConfig(command: Command): Command {
  return command.option('--config <file>', "configuration (JSON); '-' reads standard input");
}

function validateCommand(program: Command, outcome: { code: number }): void {
  program
    .command('validate')
    .description('print everything that is wrong with a manifest')
    .argument('<manifest>', 'the manifest (YAML or JSON)')
    .option('--json', 'print the diagnostics as one JSON document on standard output')
    .action(async (manifest: string, options: { json?: boolean }) => {
      outcome.code = await (await import('./commands/validate.js')).validate(manifest, options);
    });
}

function syncCommand(program: Command, outcome: { code: number }): void {
  program
    .command('sync')
    .description('read an API into a database, and go on with the last run where it stopped')
    .argument('<connection-or-manifest>', 'a connection file, or a manifest together with --to')
    .option('--config <file>', "configuration (JSON) for a manifest; '-' reads standard input")
    .option('--to <destination>', 'where the rows go, for example duckdb:data.duckdb')
    .option('--streams <names>', 'only these streams, separated by commas')
    .option('--restart', 'forget the unfinished run and begin anew')
    .option('--no-custom-code', 'do not run components.ts beside the manifest')
    .option('--debug', 'log more, and print stack traces')
    .addHelpText('after', SYNC_EXAMPLES)
    .action(async (file: string, options: SyncOptions) => {
      outcome.code = await (await import('./commands/sync.js')).syncCommand(file, options);
    });
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
