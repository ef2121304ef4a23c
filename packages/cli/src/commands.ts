/** An option as people read it: `--config <file>`, or a switch without value. */
export interface OptionFacts {
  /** The placeholder of its value; absent for switches. */
  readonly value?: string;
  /** It can be given again and again; the command gets a list. */
  readonly multiple?: true;
  readonly description: string;
}

/** One command: what it is called with, and the code that runs it, loaded when it is run. */
export interface CommandFacts {
  /** One word, or two: `state export`. */
  readonly name: string;
  readonly description: string;
  readonly argument: string;
  readonly argumentDescription: string;
  /** A second argument that must follow; its value comes among the options, under this name. */
  readonly second?: { readonly name: string; readonly description: string };
  readonly options: Readonly<Record<string, OptionFacts>>;
  readonly examples?: string;
  /** Gives the exit code. */
  run(file: string, options: Record<string, unknown>): Promise<number>;
}

const config: OptionFacts = { value: 'file', description: "configuration (JSON); '-' reads standard input" };
const every: Record<string, OptionFacts> = {
  'no-custom-code': { description: 'run no code of the connector: components.ts, a manifest in TypeScript' },
  debug: { description: 'log more, and print stack traces' },
};
const source = {
  argument: 'source',
  argumentDescription:
    'a manifest (YAML, JSON or TypeScript), or a database: its URL, or a kind (postgres) with --config',
};
const manifest = { argument: 'manifest', argumentDescription: 'the manifest (YAML, JSON or TypeScript)' };
const connection = {
  argument: 'connection-or-source',
  argumentDescription:
    'a connection file; or, together with --to, a manifest or a database: its URL, or a kind (postgres)',
};
const to: OptionFacts = { value: 'destination', description: 'where the rows go, for example duckdb:data.duckdb' };
const stream: OptionFacts = {
  value: 'names',
  multiple: true,
  description: 'only this stream, or several separated by commas; can be repeated',
};

const CHECK_EXAMPLES = `
Examples:
  tidemark check manifest.yaml --config config.json
  tidemark check postgres://reader@db.example.com/shop --config secrets.json
  tidemark check postgres --config config.json`;

const SYNC_EXAMPLES = `
Examples:
  tidemark sync manifest.yaml --config config.json --to duckdb:data.duckdb
  tidemark sync manifest.yaml --config config.json --to duckdb:data.duckdb --streams users,orders
  tidemark sync postgres://reader@db.example.com/shop --config secrets.json --to duckdb:shop.duckdb
  tidemark sync postgres --config config.json --to files:data
  tidemark sync connection.yaml
  tidemark sync connection.yaml --restart

A run that was stopped or killed goes on at the page where it was; --restart begins anew.

Of a database, config.json has host, database, username, password, …; or what the URL does not say (password).

Exit codes: 0 all streams done, 1 failed, 2 wrong usage, manifest or config, 3 some streams are missing,
130 and 143 stopped by Ctrl-C or SIGTERM with everything read so far committed.`;

const REFRESH_EXAMPLES = `
Examples:
  tidemark refresh connection.yaml
  tidemark refresh connection.yaml --stream orders --truncate

Incremental streams with deduplication can be refreshed either way, others with --merge. Streams that are read whole in
every job (full_refresh) have nothing to refresh.`;

const STATE_EXAMPLES = `
Examples:
  tidemark state export connection.yaml --file state.json
  tidemark state import connection.yaml --file state.json`;

/** The commands that speak the Airbyte protocol. They know only the exit codes 0 and 1. */
export const protocolCommands: readonly CommandFacts[] = [
  {
    name: 'spec',
    description: 'print what the configuration must look like',
    ...source,
    options: every,
    run: async (file, options) => (await import('./commands/spec.js')).spec(file, options),
  },
  {
    name: 'check',
    description: 'say whether the API or database can be reached with this configuration',
    ...source,
    options: { config, ...every },
    examples: CHECK_EXAMPLES,
    run: async (file, options) => (await import('./commands/check.js')).check(file, options),
  },
  {
    name: 'discover',
    description: 'print the streams and their schemas',
    ...source,
    options: { config, ...every },
    run: async (file, options) => (await import('./commands/discover.js')).discover(file, options),
  },
  {
    name: 'read',
    description: 'print the records and states of the streams',
    ...source,
    options: {
      config,
      catalog: { value: 'file', description: 'configured catalog (JSON); without it every stream is read' },
      state: { value: 'file', description: 'state to go on from (JSON)' },
      ...every,
    },
    run: async (file, options) => (await import('./commands/read.js')).readCommand(file, options),
  },
  {
    name: 'destination',
    description: 'serve one of the destinations to other programs: spec, check, write',
    argument: 'kind',
    argumentDescription: 'duckdb, postgres, … as in connection.yaml',
    second: { name: 'verb', description: 'spec, check or write' },
    options: {
      config,
      catalog: { value: 'file', description: 'configured catalog (JSON) of write' },
      debug: every.debug!,
    },
    run: async (kind, options) => (await import('./commands/destination.js')).destinationCommand(kind, options),
  },
];

/** All commands, in the order of the help. */
export const commands: readonly CommandFacts[] = [
  ...protocolCommands,
  {
    name: 'validate',
    description: 'print everything that is wrong with a manifest',
    ...manifest,
    options: {
      json: { description: 'print the diagnostics as one JSON document on standard output' },
      'no-custom-code': every['no-custom-code']!,
    },
    run: async (file, options) => (await import('./commands/validate.js')).validate(file, options),
  },
  {
    name: 'sync',
    description: 'read an API or a database into a destination, and go on with the last run where it stopped',
    ...connection,
    options: {
      config: { value: 'file', description: "configuration (JSON) of the source; '-' reads standard input" },
      to,
      streams: { value: 'names', description: 'only these streams, separated by commas' },
      restart: { description: 'forget the unfinished run and begin anew' },
      'no-retry': { description: 'do not try again by itself after an attempt that failed' },
      log: { value: 'form', description: "'json': one JSON object a line instead of progress for people" },
      ...every,
    },
    examples: SYNC_EXAMPLES,
    run: async (file, options) => (await import('./commands/sync.js')).syncCommand(file, options),
  },
  {
    name: 'status',
    description: 'say how far a connection is and where it would go on',
    ...connection,
    options: { to, json: { description: 'print one JSON document' }, debug: every.debug! },
    run: async (file, options) => (await import('./commands/status.js')).status(file, options),
  },
  {
    name: 'refresh',
    description: 'have the next sync read incremental streams from the beginning',
    ...connection,
    options: {
      stream,
      merge: { description: 'keep the rows that are there; new ones supersede them (default)' },
      truncate: { description: 'put the new rows in the place of all others, once they are complete' },
      to,
      debug: every.debug!,
    },
    examples: REFRESH_EXAMPLES,
    run: async (file, options) => (await import('./commands/refresh.js')).refresh(file, options),
  },
  {
    name: 'clear',
    description: 'delete the rows and states of streams',
    ...connection,
    options: { stream, yes: { description: 'do not ask' }, to, debug: every.debug! },
    run: async (file, options) => (await import('./commands/clear.js')).clear(file, options),
  },
  {
    name: 'state export',
    description: "print the states of a connection in the Airbyte protocol's form",
    ...connection,
    options: {
      file: { value: 'file', description: 'where to write them; default: standard output' },
      to,
      debug: every.debug!,
    },
    examples: STATE_EXAMPLES,
    run: async (file, options) => (await import('./commands/state.js')).exportState(file, options),
  },
  {
    name: 'state import',
    description: 'put states into a connection; streams that they do not name keep theirs',
    ...connection,
    options: {
      file: { value: 'file', description: 'where to read them; default: standard input' },
      to,
      config,
      ...every,
    },
    examples: STATE_EXAMPLES,
    run: async (file, options) => (await import('./commands/state.js')).importState(file, options),
  },
];
