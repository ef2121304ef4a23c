import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Json, type JsonObject, parseJson } from '@tidemark/protocol';
import type { JsonSchema, SchemaWriter } from '../../src/component/json-schema.js';
import { language, vocabulary } from '../../src/language.js';
import { readManifest, resolveManifest } from '../../src/manifest/index.js';

/** What of the language manifests use: `Word`, `Word.field` and `Word.field=value` for values of enumerations. */
export type Usage = Set<string>;

const writer: SchemaWriter = { slot: () => ({}) };
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The values that a field may have where it is an enumeration, in alternatives and lists too. */
function enumOf(schema: JsonSchema): Json[] {
  const inner = [schema.items, ...((schema.anyOf as JsonSchema[] | undefined) ?? [])];
  return [
    ...((schema.enum as Json[] | undefined) ?? []),
    ...inner.flatMap((each) => (each ? enumOf(each as JsonSchema) : [])),
  ];
}

const enums = new Map<string, Json[]>(
  language.words.flatMap((word) =>
    Object.entries(word.fields).map(([name, field]) => [`${word.type}.${name}`, enumOf(field.schema(writer))] as const),
  ),
);

/** All that there is to use. */
export function wholeLanguage(): Usage {
  const all: Usage = new Set(language.words.map((word) => word.type));
  for (const [field, values] of enums) {
    all.add(field);
    for (const value of values) all.add(`${field}=${value}`);
  }
  return all;
}

/** What one manifest uses: its references resolved and its parameters passed down, as the builder will see it. */
export function usageOf(manifest: string | JsonObject): Usage {
  const used: Usage = new Set();
  walk(resolveManifest(readManifest(manifest, {}), vocabulary).tree, used);
  return used;
}

/** A word within a word; JSON Schemas (`type: object`) and plain data are walked through, definitions are no use of a word. */
function walk(value: Json | undefined, used: Usage): void {
  if (Array.isArray(value)) for (const item of value) walk(item, used);
  if (!isObject(value)) return;
  const word = typeof value.type === 'string' ? language.get(value.type) : undefined;
  if (!word) {
    for (const item of Object.values(value)) walk(item, used);
    return;
  }
  used.add(word.type);
  for (const [name, { facts }] of Object.entries(word.fields)) {
    const path = `${word.type}.${name}`;
    const isGiven = Object.hasOwn(value, name) && value[name] !== null;
    if (isGiven) used.add(path);
    const chosen = isGiven ? value[name] : facts.default;
    for (const one of Array.isArray(chosen) ? chosen : [chosen])
      if (one !== undefined && enums.get(path)!.includes(one)) used.add(`${path}=${one}`);
    walk(value[name], used);
  }
  if (word.open) for (const [name, item] of Object.entries(value)) if (!(name in word.fields)) walk(item, used);
}

/** The manifests of our own cases. */
export function goldenManifests(folder: string): JsonObject[] {
  return readdirSync(folder).map(
    (file) => (parseJson(readFileSync(join(folder, file), 'utf8')) as JsonObject).manifest as JsonObject,
  );
}

/** The given manifests that have a recorded case. */
export function givenManifests(folder: string): string[] {
  const recorded = new Set(readdirSync(join(folder, 'cases')).map((file) => file.replace(/\.json\.gz$/, '')));
  return readdirSync(join(folder, 'manifests'))
    .filter((file) => recorded.has(file.replace(/\.yaml$/, '')))
    .map((file) => readFileSync(join(folder, 'manifests', file), 'utf8'));
}

/** How many words, options and values of enumerations are in a usage. */
export function counts(usage: Iterable<string>): { words: number; options: number; values: number } {
  const out = { words: 0, options: 0, values: 0 };
  for (const name of usage) out[name.includes('=') ? 'values' : name.includes('.') ? 'options' : 'words']++;
  return out;
}
