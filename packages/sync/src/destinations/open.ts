import { ConnectorError } from '@tidemark/source';
import { withBooks } from '../books/with-books.js';
import type { BookStore } from '../books.js';
import { closest } from '../connection/closest.js';
import type { Destination } from '../destination.js';
import type { DestinationKind } from './kind.js';
import { destinationKinds } from './kinds.js';

/** A destination as a configuration writes it: its kind, with its settings. `{ duckdb: { path: 'x.duckdb' } }` */
export type DestinationSpec = { readonly [kind: string]: unknown };

/**
 * Reads a short form: `duckdb:FILE`, `postgres://…`. Throws ConnectorError (config) when it names no destination that there
 * is; the text behind the scheme is not shown, it may hold a password.
 */
export function parseDestination(text: string): DestinationSpec {
  const short = text.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(short)?.[1]?.toLowerCase();
  const kind = destinationKinds.find(({ schemes }) => scheme !== undefined && schemes.includes(scheme));
  if (kind) return specOf(kind, kind.parse(short));
  const known = destinationKinds.flatMap(({ schemes }) => schemes);
  const guess = scheme === undefined ? undefined : closest(scheme, known);
  const shown = scheme === undefined ? (/[@\s]/.test(short) ? '…' : short.slice(0, 60)) : `${scheme}:…`;
  throw new ConnectorError(
    'config',
    `'${shown}' names no destination. Possible: ${destinationExamples()}${guess ? `. Did you mean '${guess}:'?` : ''}`,
  );
}

/** The short forms of all destinations, for messages and help. */
export function destinationExamples(): string {
  return destinationKinds.map(({ example }) => example).join(', ');
}

/** Makes the paths of a specification absolute, from a folder. */
export function resolveDestination(spec: DestinationSpec, folder: string): DestinationSpec {
  const { kind, settings } = kindOf(spec);
  return specOf(kind, kind.resolve ? kind.resolve(settings, folder) : settings);
}

/** Settings that have fields beside the kind's key have the key too. */
function specOf(kind: DestinationKind<unknown>, settings: unknown): DestinationSpec {
  return kind.beside ? (settings as DestinationSpec) : { [kind.key]: settings };
}

/** True for a destination that has no place of its own for jobs and states: `openDestination` has to be given a store. */
export function needsBooks(spec: DestinationSpec): boolean {
  return kindOf(spec).kind.books === 'given';
}

/**
 * The destination of a specification or of its short form. Nothing is connected yet. `books`: where its jobs and states are
 * kept instead of beside the rows. Throws ConnectorError (config).
 */
export async function openDestination(spec: DestinationSpec | string, books?: BookStore): Promise<Destination> {
  const { kind, settings } = kindOf(typeof spec === 'string' ? parseDestination(spec) : spec);
  if (kind.books !== 'given') {
    const destination = await kind.open(settings);
    return books ? withBooks(destination, books) : destination;
  }
  if (books) return kind.open(settings, books);
  throw new ConnectorError(
    'config',
    `The destination '${kind.key}' cannot keep the state of a sync. Say where to keep it: state: file:PATH`,
  );
}

/** What no message may show: the settings that the kind's schema marks as `writeOnly`. */
export function destinationSecrets(spec: DestinationSpec): string[] {
  const { kind, settings } = kindOf(spec);
  return textsOf(settings, writeOnlyNames({ ...kind.schema, ...kind.beside }));
}

function writeOnlyNames(schema: unknown, names = new Set<string>()): Set<string> {
  if (typeof schema !== 'object' || schema === null) return names;
  for (const [name, part] of Object.entries(schema)) {
    if ((part as { writeOnly?: unknown } | null)?.writeOnly === true) names.add(name);
    writeOnlyNames(part, names);
  }
  return names;
}

/** The texts below the given names; all of them once such a name was passed. */
function textsOf(value: unknown, names: ReadonlySet<string>, inside = false): string[] {
  if (typeof value === 'string') return inside ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => textsOf(part, names, inside || names.has(name)));
}

function kindOf(spec: DestinationSpec): { kind: DestinationKind<unknown>; settings: unknown } {
  const keys = Object.keys(spec);
  const kinds = destinationKinds.filter(({ key }) => keys.includes(key));
  const kind = kinds.length === 1 ? kinds[0] : undefined;
  const strangers = keys.filter((key) => key !== kind?.key && !Object.hasOwn(kind?.beside ?? {}, key));
  if (kind && strangers.length === 0) return { kind, settings: kind.beside ? spec : spec[kind.key] };
  if (kind) {
    const beside = Object.keys(kind.beside ?? {});
    const allowed = beside.length > 0 ? `can stand only ${beside.join(', ')}` : 'can stand nothing';
    throw new ConnectorError('config', `Beside '${kind.key}' ${allowed}. Met: ${strangers.join(', ')}.`);
  }
  const all = destinationKinds.map(({ key }) => key).join(', ');
  throw new ConnectorError('config', `A destination has exactly one of these kinds: ${all}. Met: ${keys.join(', ')}.`);
}
