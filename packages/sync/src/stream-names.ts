import { type StreamDescriptor, streamTitle } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { closest } from './connection/closest.js';

/**
 * The entries that names stand for; a name without its namespace will do where it is the only one. No names: all.
 * Throws ConnectorError (config) that names every unknown one.
 */
export function pickStreams<T extends { stream: StreamDescriptor }>(
  entries: readonly T[],
  names: readonly string[] | undefined,
): T[] {
  if (names === undefined || names.length === 0) return [...entries];
  const all = entries.map(({ stream }) => streamTitle(stream));
  const wrong: string[] = [];
  const found = names.flatMap((name) => {
    const exact = entries.filter(({ stream }) => streamTitle(stream) === name);
    const matches = exact.length > 0 ? exact : entries.filter(({ stream }) => stream.name === name);
    if (matches.length === 1) return matches;
    const guess = closest(name, all);
    wrong.push(
      matches.length > 1
        ? `more than one stream '${name}' (${matches.map(({ stream }) => streamTitle(stream)).join(', ')})`
        : `no stream '${name}'${guess ? ` (did you mean '${guess}'?)` : ''}`,
    );
    return [];
  });
  if (wrong.length > 0)
    throw new ConnectorError(
      'config',
      `The books of this connection have ${wrong.join(' and ')}. They have: ${all.join(', ') || 'none'}.`,
    );
  return [...new Set(found)];
}
