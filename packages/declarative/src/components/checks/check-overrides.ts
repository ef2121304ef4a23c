import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { type BuildContext, field } from '../../component/index.js';
import { secretsOf } from '../../http/redact.js';

/** The field that both checks have. */
export const overridesField = field
  .object()
  .optional()
  .doc('Values that replace those of the configuration while the check runs, key by key, as they stand (no templates).')
  .example({ page_size: 1 });

/**
 * The overrides, after what must hold of them: no key of the platform's own, and no authenticator that writes the
 * configuration back, because the overrides would be kept with it. Throws ConnectorError (config).
 */
export function checkOverrides(overrides: JsonObject | undefined, context: BuildContext): JsonObject | undefined {
  if (!overrides || Object.keys(overrides).length === 0) return undefined;
  const reserved = Object.keys(overrides).filter((key) => key.startsWith('__airbyte'));
  if (reserved.length) {
    throw new ConnectorError(
      'config',
      `config_overrides of the check must not have ${reserved.map((key) => `'${key}'`).join(', ')}: these names are the platform's.`,
    );
  }
  if (writesConfigBack(context.manifest)) {
    throw new ConnectorError(
      'config',
      'config_overrides of the check cannot be used together with a refresh_token_updater: what it overrides would be saved.',
    );
  }
  const specification = ((context.manifest.spec ?? {}) as JsonObject).connection_specification as
    | JsonObject
    | undefined;
  if (specification) {
    for (const secret of secretsOf(overrides, specification)) context.addSecret(secret);
    const { properties } = specification;
    const known =
      typeof properties === 'object' &&
      properties !== null &&
      !('oneOf' in specification || 'anyOf' in specification || 'allOf' in specification);
    const unknown = known ? Object.keys(overrides).filter((key) => !Object.hasOwn(properties, key)) : [];
    if (unknown.length)
      context.log(
        'WARN',
        `config_overrides of the check name ${unknown.join(', ')}, which the specification does not have.`,
      );
  }
  return overrides;
}

/** Words whose `refresh_token_updater` hands the configuration to whoever runs the source. */
const WRITERS = new Set<Json | undefined>(['OAuthAuthenticator', 'CustomAuthenticator']);

function writesConfigBack(node: Json | undefined): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if (Array.isArray(node)) return node.some(writesConfigBack);
  const object = node as JsonObject;
  const updater = Object.hasOwn(object, 'refresh_token_updater') ? object.refresh_token_updater : undefined;
  if (updater !== undefined && updater !== null && WRITERS.has(object.type)) return true;
  return Object.values(object).some(writesConfigBack);
}
