import type { ConnectorError } from '@tidemark/source';
import { closingTable } from './closing-table.js';
import type { ViewEnd } from './progress-view.js';

/** The last lines of a sync for people: the table of the streams and what went wrong, or why it could not begin. */
export function closingText({ result, error, destination = '' }: ViewEnd, redact: (text: string) => string): string[] {
  if (result) return [...closingTable(result, destination), ...described(result.errors)].map(redact);
  return error ? [`tidemark: ${redact(error.message)}`] : [];
}

/** Each failure once, with the streams that it hit. */
function described(errors: readonly ConnectorError[]): string[] {
  const streams = new Map<string, string[]>();
  for (const { message, stream } of errors) {
    const hit = streams.get(message) ?? [];
    if (stream !== undefined) hit.push(stream);
    streams.set(message, hit);
  }
  return [...streams].map(([message, hit]) => {
    if (hit.length === 0) return message;
    return `${hit.length === 1 ? 'stream' : 'streams'} ${hit.join(', ')}: ${message}`;
  });
}
