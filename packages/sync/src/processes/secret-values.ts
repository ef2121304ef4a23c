import type { Json, JsonObject } from '@tidemark/protocol';
import { isObject } from './message.js';

/** A value under such a name is a secret where no spec says so. */
const SOUNDS_SECRET = /pass|secret|token|credential|private|api_?key|access_?key/i;
const SHORTEST = 4;

/** Tells of every value in the configuration that the spec, or its name, says is a secret. */
export function addSecrets(config: JsonObject, spec: JsonObject | undefined, add: (value: string) => void): void {
  const marked = new Set<string>();
  if (spec) collectMarked(spec, marked);
  visit(config, false);
  function visit(value: Json | undefined, isSecret: boolean): void {
    if (typeof value === 'string') {
      if (isSecret && value.length >= SHORTEST) add(value);
    } else if (Array.isArray(value)) {
      for (const item of value) visit(item, isSecret);
    } else if (isObject(value)) {
      for (const [name, item] of Object.entries(value))
        visit(item, isSecret || marked.has(name) || SOUNDS_SECRET.test(name));
    }
  }
}

function collectMarked(schema: Json | undefined, names: Set<string>): void {
  if (Array.isArray(schema)) for (const item of schema) collectMarked(item, names);
  if (!isObject(schema)) return;
  for (const [name, item] of Object.entries(schema)) {
    if (isObject(item) && (item.airbyte_secret === true || item.writeOnly === true)) names.add(name);
    collectMarked(item, names);
  }
}

/** A redactor of its own for programs whose runner has none that it could tell of secrets. */
export function redactorOf(config: JsonObject): (text: string) => string {
  const secrets: string[] = [];
  addSecrets(config, undefined, (value) => secrets.push(value));
  secrets.sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, '****'), text);
}
