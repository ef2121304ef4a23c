import type { ConnectorSpecification, Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { closest } from '../connection/closest.js';
import type { Destination } from '../destination.js';
import type { DestinationKind } from '../destinations/kind.js';
import { destinationKinds } from '../destinations/kinds.js';
import { isObject } from './message.js';
import { addSecrets } from './secret-values.js';

const CONNECTION = 'connection';
const connection = {
  type: 'string',
  minLength: 1,
  description:
    "Names the books in the destination. Clients that write to one place at the same time need names of their own. Default: 'airbyte'.",
} as const;

/** A destination of ours, opened from a configuration as its spec asks for it. */
export interface ServedDestination {
  destination: Destination;
  connection: string;
}

/** A kind of destination that can be served to others. Throws ConnectorError (config) that names those that there are. */
export function servedKind(key: string): DestinationKind<unknown> {
  const kinds = destinationKinds.filter((kind) => kind.books !== 'given');
  const kind = kinds.find((one) => one.key === key);
  if (kind) return kind;
  const keys = kinds.map((one) => one.key);
  const guess = closest(key, keys);
  throw new ConnectorError(
    'config',
    `There is no destination '${key}' (there are: ${keys.join(', ')}).${guess ? ` Did you mean '${guess}'?` : ''}`,
  );
}

/** What the protocol's `spec` says of a kind. */
export function servedSpec(kind: DestinationKind<unknown>): ConnectorSpecification {
  const schema = withSecrets(kind.schema) as JsonObject;
  const title = `Tidemark ${kind.key}`;
  const properties = { ...(schema.properties as JsonObject), [CONNECTION]: connection };
  return {
    connectionSpecification: { $schema: 'http://json-schema.org/draft-07/schema#', title, ...schema, properties },
    supported_destination_sync_modes: ['overwrite', 'append', 'append_dedup'],
    supportsIncremental: true,
    protocol_version: '0.18.0',
  };
}

/**
 * Makes the destination of a configuration. Nothing is connected yet. `addSecret` is told of what must not be shown.
 * Throws ConnectorError (config) with everything that does not fit the spec.
 */
export async function openServed(
  kind: DestinationKind<unknown>,
  config: JsonObject,
  addSecret: (value: string) => void,
): Promise<ServedDestination> {
  const { connectionSpecification } = servedSpec(kind);
  addSecrets(config, connectionSpecification, addSecret);
  const { Ajv } = await import('ajv');
  const validate = new Ajv({ allErrors: true, strict: false, logger: false }).compile(connectionSpecification);
  if (!validate(config)) {
    // Where and what, never the value: it may be a secret.
    const wrong = (validate.errors ?? []).map(({ instancePath, message, params }) => {
      const extra = typeof params.additionalProperty === 'string' ? ` ('${params.additionalProperty}')` : '';
      return `${instancePath === '' ? 'the configuration' : instancePath.slice(1).replaceAll('/', '.')} ${message}${extra}`;
    });
    throw new ConnectorError('config', `The configuration does not fit the spec: ${[...new Set(wrong)].join('; ')}.`);
  }
  const { [CONNECTION]: name, ...settings } = config;
  const resolved = kind.resolve ? kind.resolve(settings, process.cwd()) : settings;
  return { destination: await kind.open(resolved), connection: typeof name === 'string' ? name : 'airbyte' };
}

/** The protocol's word for what must be hidden. */
function withSecrets(schema: Json | undefined): Json | undefined {
  if (Array.isArray(schema)) return schema.map((item) => withSecrets(item) as Json);
  if (!isObject(schema)) return schema;
  const mapped = Object.fromEntries(Object.entries(schema).map(([name, item]) => [name, withSecrets(item)]));
  return schema.writeOnly === true ? { ...mapped, airbyte_secret: true } : mapped;
}
