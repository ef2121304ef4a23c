import type { JsonObject } from '@tidemark/protocol';

/** The configuration without the fields that the spec marks as `airbyte_secret`, at any depth. */
export function withoutSecrets(config: unknown, schema: unknown): unknown {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return config;
  const secret = secretNames(schema, new Set(RENEWED));
  return strip(config as JsonObject, secret);
}

function strip(value: unknown, secret: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => strip(item, secret));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !secret.has(name))
      .map(([name, item]) => [name, strip(item, secret)]),
  );
}

/** What an OAuth source renews by itself: another value means the same connection. */
const RENEWED = ['access_token', 'refresh_token', 'token_expiry_date'];

/** Names, not paths: a field that is secret in one variant of a oneOf is never worth telling configurations apart by. */
function secretNames(schema: unknown, names: Set<string>): Set<string> {
  if (typeof schema !== 'object' || schema === null) return names;
  for (const [key, value] of Object.entries(schema)) {
    if (typeof value !== 'object' || value === null) continue;
    if ((value as JsonObject).airbyte_secret === true) names.add(key);
    secretNames(value, names);
  }
  return names;
}
