import type { JsonObject } from '@tidemark/protocol';
import type { Connection, ConnectOptions, RunContext, Source } from '@tidemark/source';
import { readJsonInput } from './input/json-input.js';
import { asConfig, loadSource } from './input/manifest.js';
import type { SourceOptions } from './options.js';

/** Loads the manifest, checks the configuration against its specification, and connects. Throws ConnectorError. */
export async function connect(
  manifest: string,
  options: SourceOptions,
  context: RunContext,
  how?: ConnectOptions,
): Promise<Connection> {
  const source = await loadSource(manifest, context.log);
  const config = options.config === undefined ? {} : asConfig(readJsonInput(options.config, 'configuration'));
  return connectWith(source, config, context, how);
}

/** Connects a source whose configuration is at hand. */
export async function connectWith(
  source: Source,
  config: JsonObject,
  context: RunContext,
  how?: ConnectOptions,
): Promise<Connection> {
  const specification = (await source.spec()).connectionSpecification;
  const { secretsOf } = await import('@tidemark/declarative');
  for (const secret of secretsOf(config, specification)) context.addSecret(secret);
  const { checkConfig } = await import('./input/config-check.js');
  await checkConfig(config, specification, (message) => context.log('WARN', message));
  return source.connect(config, context, how);
}
