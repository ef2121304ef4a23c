import { canonical, type Json, type JsonObject } from '@tidemark/protocol';

/**
 * A key that equal definitions of a component have in common. The `$parameters` of their streams count only where a template
 * reads them.
 */
export function sharedKey(raw: JsonObject): string {
  const text = canonical(stripped(raw));
  return /\bparameters\b/.test(text) ? canonical(raw) : text;
}

function stripped(value: Json | undefined): Json {
  if (Array.isArray(value)) return value.map(stripped);
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype)
    return value ?? null;
  return Object.fromEntries(
    Object.entries(value as JsonObject)
      .filter(([key]) => key !== '$parameters')
      .map(([key, item]) => [key, stripped(item)]),
  );
}
