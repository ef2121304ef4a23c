/** An option as people read it: `--config <file>`, or a switch without value. */
export interface OptionFacts {
  /** The placeholder of its value; absent for switches. */
  readonly value?: string;
  readonly description: string;
}

/** One command: what it is called with, and the code that runs it, loaded when it is run. */
export interface CommandFacts {
  readonly name: string;
  readonly description: string;
  readonly argument: string;
  readonly argumentDescription: string;
  readonly options: Readonly<Record<string, OptionFacts>>;
  readonly examples?: string;
  /** Gives the exit code. */
  run(file: string, options: Record<string, unknown>): Promise<number>;
}

const config: OptionFacts = { value: 'file', description: "configuration (JSON); '-' reads standard input" };
const every: Record<string, OptionFacts> = {
  'no-custom-code': { description: 'do not run components.ts beside the manifest' },
  debug: { description: 'log more, and print stack traces' },
};
const manifest = { argument: 'manifest', argumentDescription: 'the manifest (YAML or JSON)' };

const SYNC_EXAMPLES = `
Examples:
  tidemark sync manifest.yaml --config config.json --to duckdb:data.duckdb
  tidemark sync manifest.yaml --config config.json --to duckdb:data.duckdb --streams users,orders
  tidemark sync connection.yaml
  tidemark sync connection.yaml --restart

A run that was stopped or killed goes on at the page where it was; --restart begins anew.

Exit codes: 0 all streams done, 1 failed, 2 wrong usage, manifest or config, 3 some streams are missing,
130 and 143 stopped by Ctrl-C or SIGTERM with everything read so far committed.`;

/** The commands that speak the Airbyte protocol. They know only the exit codes 0 and 1. */
export const protocolCommands: readonly CommandFacts[] = [
  {
    name: 'spec',
    description: 'print what the configuration must look like',
    ...manifest,
    options: every,
    run: async (file, options) => (await import('./commands/spec.js')).spec(file, options),
  },
  {
    name: 'check',
    description: 'say whether the API can be reached with this configuration',
    ...manifest,
    options: { config, ...every },
    run: async (file, options) => (await import('./commands/check.js')).check(file, options),
  },
  {
    name: 'discover',
    description: 'print the streams and their schemas',
    ...manifest,
    options: { config, ...every },
    run: async (file, options) => (await import('./commands/discover.js')).discover(file, options),
  },
  {
    name: 'read',
    description: 'print the records and states of the streams',
    ...manifest,
    options: {
      config,
      catalog: { value: 'file', description: 'configured catalog (JSON); without it every stream is read' },
      state: { value: 'file', description: 'state to go on from (JSON)' },
      ...every,
    },
    run: async (file, options) => (await import('./commands/read.js')).readCommand(file, options),
  },
];

/** All commands, in the order of the help. */
export const commands: readonly CommandFacts[] = [
  ...protocolCommands,
  {
    name: 'validate',
    description: 'print everything that is wrong with a manifest',
    ...manifest,
    options: { json: { description: 'print the diagnostics as one JSON document on standard output' } },
    run: async (file, options) => (await import('./commands/validate.js')).validate(file, options),
  },
  {
    name: 'sync',
    description: 'read an API into a database, and go on with the last run where it stopped',
    argument: 'connection-or-manifest',
    argumentDescription: 'a connection file, or a manifest together with --to',
    options: {
      config: { value: 'file', description: "configuration (JSON) for a manifest; '-' reads standard input" },
      to: { value: 'destination', description: 'where the rows go, for example duckdb:data.duckdb' },
      streams: { value: 'names', description: 'only these streams, separated by commas' },
      restart: { description: 'forget the unfinished run and begin anew' },
      ...every,
    },
    examples: SYNC_EXAMPLES,
    run: async (file, options) => (await import('./commands/sync.js')).syncCommand(file, options),
  },
];
