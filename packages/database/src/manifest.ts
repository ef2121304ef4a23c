import { Decimal, type Json, type JsonObject } from '@tidemark/protocol';
import { ConnectorError, type Source } from '@tidemark/source';
import { createDatabaseSource, type DatabaseSettings } from './database-source.js';
import type { ReadingSettings, TableWish } from './dialect.js';
import { manifestProblems } from './manifest-problems.js';

/** What a manifest is read with. */
export interface ManifestOptions {
  /** Variables that `${NAME}` in `connection` stands for. */
  environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * The source that a manifest of `type: DatabaseSource` describes. Throws ConnectorError (config) that names everything that is
 * wrong with it, one a line.
 */
export async function databaseSourceFromManifest(tree: Json, options: ManifestOptions = {}): Promise<Source> {
  const problems = await manifestProblems(tree);
  if (problems.length > 0) {
    throw new ConnectorError(
      'config',
      `The manifest cannot run.\n${problems.map(({ message }) => message).join('\n')}`,
    );
  }
  return createDatabaseSource(settingsOf(tree as JsonObject, options.environment ?? {}));
}

function settingsOf(tree: JsonObject, environment: Readonly<Record<string, string | undefined>>): DatabaseSettings {
  const { columns, ...cursors } = (tree.cursors ?? {}) as Partial<ReadingSettings> & { columns?: string[] };
  const unset: string[] = [];
  const connection = fill((tree.connection ?? {}) as JsonObject, environment, unset);
  if (unset.length > 0) {
    throw new ConnectorError(
      'config',
      `The manifest's connection names variables of the environment that are not set: ${unset.join(', ')}.`,
    );
  }
  return {
    dialect: tree.dialect as string,
    connection: connection as JsonObject,
    streams: tree.streams as readonly TableWish[] | undefined,
    reading: {
      ...(tree.chunking as Partial<ReadingSettings> | undefined),
      ...cursors,
      cursor_columns: columns,
    },
  };
}

/** `${NAME}` in texts from the environment; `${NAME:-else}` has a default, `$${` stands for `${`. */
function fill(
  value: Json | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  unset: string[],
): Json {
  if (typeof value === 'string') {
    return value.replace(/\$\$\{|\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g, (whole, name?: string, otherwise?: string) => {
      if (whole === '$${') return '${';
      const found = environment[name!] || otherwise;
      if (found === undefined) unset.push(name!);
      return found ?? '';
    });
  }
  if (Array.isArray(value)) return value.map((each) => fill(each, environment, unset));
  if (!isObject(value)) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each, environment, unset)]));
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Decimal.is(value);
}
