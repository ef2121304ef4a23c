import type { Connection, ConnectOptions, RunContext } from '@tidemark/source';
import { readJsonInput } from './input/json-input.js';
import { asConfig, loadSource } from './input/manifest.js';
import type { SourceOptions } from './options.js';

/** Loads the manifest and connects it with the configuration. Throws ConnectorError. */
export async function connect(
  manifest: string,
  options: SourceOptions,
  context: RunContext,
  how: ConnectOptions = {},
): Promise<Connection> {
  const source = await loadSource(manifest, options, context.log);
  const config = options.config === undefined ? {} : asConfig(readJsonInput(options.config, 'configuration'));
  return source.connect(config, context, how);
}
