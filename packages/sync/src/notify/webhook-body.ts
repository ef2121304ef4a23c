import type { JobOutcome } from '../destination.js';
import type { ErrorFacts, SchemaChangeFacts, StreamFacts, UnparsableFacts } from './stream-facts.js';
import type { WebhookEventName } from './webhook-settings.js';

/** What every webhook gets, whatever happened. Every key is always there; what does not apply is null or empty. */
export interface WebhookBody {
  /** Rises when a key changes its meaning or goes. New keys may come without that. */
  version: 1;
  /** The same for every try to deliver this, and for nothing else: what was taken once may be passed over. */
  id: string;
  event: WebhookEventName;
  /** ISO 8601, UTC. */
  at: string;
  /** One sentence for people. */
  text: string;
  connection: string;
  /** Without secrets: `duckdb:shop.duckdb`. */
  destination: string;
  /** Null when the sync could not begin. */
  job: number | null;
  attempt: number | null;
  /** Null while it runs. */
  outcome: JobOutcome | null;
  /** Rows that this run of the sync has committed, in all its attempts; 0 while it runs. */
  rows: number;
  /** Of this run, waits included; null while it runs. */
  seconds: number | null;
  streams: StreamFacts[];
  /** Of all attempts of this run, known at its end; null when there were none. */
  unparsable: UnparsableFacts | null;
  errors: ErrorFacts[];
  schema_changes: SchemaChangeFacts[];
}

/** The sentence of a body. */
export function sentence(body: Omit<WebhookBody, 'text'>): string {
  const { connection, job, attempt, rows, errors } = body;
  const which = job === null ? '' : ` (job ${job}, attempt ${attempt})`;
  const count = `${rows.toLocaleString('en-US')} ${rows === 1 ? 'row' : 'rows'}`;
  const why = errors[0] ? `: ${errors[0].stream ? `stream ${errors[0].stream}: ` : ''}${errors[0].message}` : '.';
  switch (body.event) {
    case 'start':
      return `${connection}: the sync has begun${which}.`;
    case 'resumed': {
      const from = body.streams.find(({ resumed_from }) => resumed_from !== null);
      return `${connection}: the sync goes on${from ? ` with ${from.name} from ${from.resumed_from}` : ''}${which}.`;
    }
    case 'success':
      return `${connection}: all streams are done, ${count}${which}.`;
    case 'stopped':
      return `${connection}: the sync was stopped with ${count} committed${which}.`;
    case 'failure':
      return body.outcome === 'partial'
        ? `${connection}: some streams are missing, ${count} committed${which}${why}`
        : `${connection}: the sync failed${which}${why}`;
    case 'schema_change': {
      const [first, ...more] = body.schema_changes.map(
        ({ stream, change, column }) =>
          `${stream}${column === null ? '' : `.${column}`} (${change.replaceAll('_', ' ')})`,
      );
      return `${connection}: the schema has changed: ${first}${more.length > 0 ? ` and ${more.length} more` : ''}${which}.`;
    }
  }
}
