import type { Json, JsonObject } from '@tidemark/protocol';

/** Takes secrets out of texts. */
export interface Redactor {
  /** From now on this value is replaced in every text, in all the forms it can travel in. */
  addSecret(value: string): void;
  redact(text: string): string;
}

const STARS = '****';
// Shorter ones would hit ordinary words and numbers: nothing is won by hiding them there.
const LENGTH_MIN = 3;
// From this length on a value is replaced inside other words too.
const ANYWHERE_FROM = 6;
// Tokens that replace each other add up in a long run. The first ones are those of the configuration: they stay.
const SECRETS_MAX = 1000;
const SECRETS_KEPT = 500;
const NEVER = new Set(['true', 'false', 'null', 'none', 'undefined']);

/**
 * One redactor for a whole source. A secret is found raw, JSON-escaped, URL-encoded (both kinds) and base64-encoded, also in
 * the middle of something longer that was encoded. Secrets of 3 to 5 characters are replaced only where they stand alone, those
 * of 1 or 2 not at all.
 */
export function createRedactor(): Redactor {
  const secrets = new Map<string, readonly string[]>();
  let pattern: RegExp | undefined;
  return {
    addSecret(value) {
      const text = value.trim();
      if (text.length < LENGTH_MIN || NEVER.has(text.toLowerCase()) || secrets.has(text)) return;
      secrets.set(text, [...new Set(formsOf(text))]);
      if (secrets.size > SECRETS_MAX) secrets.delete([...secrets.keys()][SECRETS_KEPT]!);
      pattern = undefined;
    },
    redact(text) {
      if (secrets.size === 0 || text === '') return text;
      pattern ??= patternOf(new Set([...secrets.values()].flat()));
      return text.replace(pattern, STARS);
    },
  };
}

function* formsOf(secret: string): Iterable<string> {
  yield secret;
  yield JSON.stringify(secret).slice(1, -1);
  const ascii = JSON.stringify(secret)
    .slice(1, -1)
    .replace(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  yield ascii;
  // By way of bytes: half a surrogate pair would make the encoding throw.
  const wellFormed = Buffer.from(secret, 'utf8').toString('utf8');
  const encoded = encodeURIComponent(wellFormed);
  yield encoded;
  yield encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  yield encoded
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
  yield encodeURI(wellFormed);
  if (secret.length < ANYWHERE_FROM) return;
  // A line of a key is a secret of its own: logs cut texts at line ends.
  for (const line of secret.split(/\r?\n/)) {
    if (line.length >= 40 && line !== secret) yield line;
  }
  yield* base64Forms(Buffer.from(secret, 'utf8'));
}

/** Base64 of the bytes, whole and as it looks inside something longer, where it can begin at any of three places. */
function* base64Forms(bytes: Buffer): Iterable<string> {
  yield bytes.toString('base64');
  yield bytes.toString('base64url');
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const start = before === 0 ? 0 : before + 1;
    const end = (before + bytes.length) % 3 === 0 ? text.length : text.length - 1;
    const middle = text.slice(start, end);
    if (middle.length < ANYWHERE_FROM) continue;
    yield middle;
    yield middle.replaceAll('+', '-').replaceAll('/', '_');
  }
}

function patternOf(forms: ReadonlySet<string>): RegExp {
  const escaped = [...forms]
    .sort((a, b) => b.length - a.length)
    .map((form) => {
      const literal = form.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
      return form.length >= ANYWHERE_FROM ? literal : `(?<![A-Za-z0-9_])${literal}(?![A-Za-z0-9_])`;
    });
  return new RegExp(escaped.join('|'), 'g');
}

/** The values in a configuration that its spec marks with `airbyte_secret`, as texts; of a marked object all its leaves. */
export function secretsOf(config: Json, connectionSpecification: Json | undefined): string[] {
  const found = new Set<string>();
  walk(config, connectionSpecification, connectionSpecification, found, 0);
  return [...found];
}

function walk(
  value: Json | undefined,
  schema: Json | undefined,
  root: Json | undefined,
  found: Set<string>,
  depth: number,
): void {
  if (value === undefined || value === null || !isObject(schema) || depth > 60) return;
  if (schema.airbyte_secret === true) {
    leaves(value, found);
    return;
  }
  if (typeof schema.$ref === 'string' && /^#(\/|$)/.test(schema.$ref))
    walk(value, pointed(root, schema.$ref), root, found, depth + 1);
  for (const keyword of ['oneOf', 'anyOf', 'allOf'] as const) {
    const alternatives = schema[keyword];
    if (Array.isArray(alternatives))
      for (const alternative of alternatives) walk(value, alternative, root, found, depth + 1);
  }
  if (Array.isArray(value)) {
    for (const item of value)
      walk(item, Array.isArray(schema.items) ? schema.items[0] : schema.items, root, found, depth + 1);
    return;
  }
  if (!isObject(value)) return;
  const properties = isObject(schema.properties) ? schema.properties : {};
  for (const [name, item] of Object.entries(value)) {
    walk(
      item,
      Object.hasOwn(properties, name) ? properties[name] : schema.additionalProperties,
      root,
      found,
      depth + 1,
    );
  }
}

function pointed(root: Json | undefined, reference: string): Json | undefined {
  let node: Json | undefined = root;
  for (const part of reference.slice(2).split('/').filter(Boolean)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    node = isObject(node) && Object.hasOwn(node, key) ? node[key] : undefined;
  }
  return node;
}

function leaves(value: Json | undefined, found: Set<string>): void {
  if (value === undefined || value === null || typeof value === 'boolean') return;
  if (Array.isArray(value)) {
    for (const item of value) leaves(item, found);
    return;
  }
  if (isObject(value)) {
    for (const item of Object.values(value)) leaves(item, found);
    return;
  }
  const text = String(value);
  found.add(text);
  // Key files are pasted as JSON text: what is secret in them is secret alone too.
  if (text.trimStart().startsWith('{')) {
    for (const [name, item] of Object.entries(parsedObject(text))) {
      if (typeof item === 'string' && /key|secret|token|password/i.test(name)) found.add(item);
    }
  }
}

function parsedObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
