import type { Json, JsonObject } from '@tidemark/protocol';
import type { Positions } from '../positions.js';
import type { ManifestTree } from '../read.js';
import { isObject, own, put } from '../tree.js';
import type { Migration } from './migration.js';
import { pathToUrl } from './path-to-url.js';
import { requestBody } from './request-body.js';
import { urlBaseToUrl } from './url-base-to-url.js';

/** All migrations, in the order in which they are applied. */
export const MIGRATIONS: readonly Migration[] = [urlBaseToUrl, pathToUrl, requestBody];

/** What is below these components is left as it is. */
const LEFT_ALONE = new Set(['DynamicDeclarativeStream']);

/**
 * Rewrites old spellings in a resolved manifest, as the Connector Builder asks for. `tidemark` itself runs the old
 * spellings as they are: joined into one, an address and a path with templates do not always mean the same.
 * What was applied is noted under `metadata.applied_migrations`.
 */
export function migrateManifest(resolved: ManifestTree, now: () => number = Date.now): ManifestTree {
  const version = typeof resolved.tree.version === 'string' ? resolved.tree.version : '0.0.0';
  let tree = resolved.tree;
  for (const migration of MIGRATIONS) {
    const walk = new Walk(migration, resolved.positions);
    const changed = walk.node(tree) as JsonObject;
    if (changed === tree) continue;
    const trace = {
      from_version: version,
      to_version: migration.version,
      migration: migration.name,
      migrated_at: new Date(now()).toISOString(),
    };
    tree = withTrace(changed, trace, resolved.positions);
  }
  return { ...resolved, tree };
}

function withTrace(tree: JsonObject, trace: JsonObject, positions: Positions): JsonObject {
  const metadata = isObject(tree.metadata) ? tree.metadata : {};
  const applied = own(metadata, 'applied_migrations');
  const copy = {
    ...tree,
    metadata: { ...metadata, applied_migrations: [...(Array.isArray(applied) ? applied : []), trace] },
  };
  positions.derive(copy, tree);
  return copy;
}

class Walk {
  readonly #migration: Migration;
  readonly #positions: Positions;

  constructor(migration: Migration, positions: Positions) {
    this.#migration = migration;
    this.#positions = positions;
  }

  node(node: Json): Json {
    if (Array.isArray(node)) return this.#entries(node, node.keys(), () => [...node]);
    if (!isObject(node)) return node;
    if (typeof node.type === 'string' && LEFT_ALONE.has(node.type)) return node;
    const migrated = node.type === this.#migration.type ? this.#migration.migrate(node) : undefined;
    if (!migrated) return this.#entries(node, Object.keys(node), () => ({ ...node }));
    this.#positions.derive(migrated.node, node);
    for (const [key, from] of Object.entries(migrated.moved))
      this.#positions.link(migrated.node, key, { holder: node, key: from });
    return this.#entries(migrated.node, Object.keys(migrated.node), () => ({ ...migrated.node }));
  }

  #entries(node: JsonObject | Json[], keys: Iterable<string | number>, copyOf: () => JsonObject | Json[]): Json {
    let copy: JsonObject | undefined;
    for (const key of keys) {
      const item = (node as JsonObject)[key] as Json;
      if (typeof item !== 'object' || item === null) continue;
      const value = this.node(item);
      if (value === item) continue;
      if (!copy) {
        copy = copyOf() as JsonObject;
        this.#positions.derive(copy, node);
      }
      put(copy, String(key), value);
    }
    return copy ?? node;
  }
}
