import { Decimal, type Json, type JsonObject } from '@tidemark/protocol';
import { ConnectorError, type Source } from '@tidemark/source';
import { createDatabaseSource, type DatabaseSettings } from './database-source.js';
import type { ReadingSettings, TableWish } from './dialect.js';
import { databaseManifestSchema } from './manifest-schema.js';

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
  const problems = violations(tree, databaseManifestSchema(), '');
  if (problems.length > 0) {
    throw new ConnectorError('config', `The manifest cannot run.\n${problems.join('\n')}`);
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

/** Everything in a tree that the schema does not allow. Knows the words that the schema of this package uses. */
function violations(value: Json | undefined, schema: JsonObject, at: string): string[] {
  const where = at === '' ? 'the manifest' : `'${at}'`;
  const wanted = schema.type as string;
  if (!isOfType(value, wanted)) return [`${where} must be ${wanted === 'array' ? 'a list' : `of type ${wanted}`}`];
  const problems: string[] = [];
  const allowed = schema.enum as Json[] | undefined;
  if (allowed && !allowed.includes(value!)) problems.push(`${where} must be one of ${allowed.join(', ')}`);
  if (typeof value === 'number') problems.push(...outOfRange(value, schema, where));
  if (value === '' && schema.minLength) problems.push(`${where} must not be empty`);
  if (Array.isArray(value)) {
    if (value.length === 0 && schema.minItems) problems.push(`${where} must not be empty`);
    for (const [i, item] of value.entries())
      problems.push(...violations(item, schema.items as JsonObject, `${at}[${i}]`));
  }
  if (isObject(value)) problems.push(...inObject(value, schema, at, where));
  return problems;
}

function inObject(value: JsonObject, schema: JsonObject, at: string, where: string): string[] {
  const known = (schema.properties ?? {}) as Record<string, JsonObject>;
  const problems: string[] = [];
  for (const name of (schema.required ?? []) as string[]) {
    if (value[name] === undefined) problems.push(`'${at === '' ? name : `${at}.${name}`}' is missing`);
  }
  for (const [name, item] of Object.entries(value)) {
    const path = at === '' ? name : `${at}.${name}`;
    if (Object.hasOwn(known, name)) problems.push(...violations(item, known[name]!, path));
    else if (schema.additionalProperties === false)
      problems.push(`unknown field '${name}' in ${where} (has: ${Object.keys(known).join(', ')})`);
  }
  return problems;
}

function outOfRange(value: number, schema: JsonObject, where: string): string[] {
  const problems: string[] = [];
  const { minimum, maximum, exclusiveMinimum } = schema;
  if (typeof minimum === 'number' && value < minimum) problems.push(`${where} must be ${minimum} or more`);
  if (typeof maximum === 'number' && value > maximum) problems.push(`${where} must be ${maximum} or less`);
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum)
    problems.push(`${where} must be more than ${exclusiveMinimum}`);
  return problems;
}

function isOfType(value: Json | undefined, type: string): boolean {
  switch (type) {
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Decimal.is(value);
}
