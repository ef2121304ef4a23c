import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { createModuleLoader } from './create-module-loader.js';

/** Whether a manifest is written as a module: `.ts`, `.mts`, `.js` or `.mjs`. */
export function isManifestModule(file: string): boolean {
  return /\.m?[jt]s$/.test(file);
}

/**
 * The manifest that a module exports as its default (`export default defineManifest({ … })`). The module runs with all the
 * rights of this process: call this only for code that is trusted. What it exports is taken as JSON: a function, a symbol or
 * a value that holds itself is refused. Throws ConnectorError (config).
 */
export async function loadManifestModule(file: string): Promise<JsonObject> {
  const loader = await createModuleLoader();
  const { default: manifest } = loader.load(file);
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest))
    throw new ConnectorError(
      'config',
      `${file} exports no manifest as its default. Write: export default defineManifest({ type: 'DeclarativeSource', … })`,
    );
  try {
    return plain(manifest, [], new Set()) as JsonObject;
  } catch (error) {
    throw new ConnectorError('config', `The manifest of ${file} cannot be taken: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** JSON's values as they are, without prototypes; everything else is refused with the way to it. */
function plain(value: unknown, path: readonly string[], above: Set<unknown>): unknown {
  const where = path.join('.') || 'the manifest';
  if (value === null || ['string', 'number', 'boolean', 'bigint'].includes(typeof value)) return value;
  if (typeof value !== 'object') throw new Error(`${where} is a ${typeof value}, and a manifest holds JSON only.`);
  if (above.has(value)) throw new Error(`${where} holds itself.`);
  above.add(value);
  const copy = Array.isArray(value)
    ? value.map((item, index) => plain(item, [...path, String(index)], above))
    : Object.fromEntries(
        Object.entries(value)
          .filter(([, item]) => item !== undefined)
          .map(([key, item]) => [key, plain(item, [...path, key], above)]),
      );
  above.delete(value);
  return copy;
}
