import type { SchemaChange, SyncEvent } from '@tidemark/sync';
import { duration } from './text.js';

/** The lines that people are shown of an event besides the progress of the streams. */
export function eventLines(event: SyncEvent): string[] {
  switch (event.type) {
    case 'start':
      return event.attempt > 1 ? [`Attempt ${event.attempt} of job ${event.jobId}`] : [];
    case 'wait': {
      const why = event.error ? `: ${event.error.message}` : '';
      const when = event.seconds === 0 ? 'at once, because the last one got on' : `in ${waitTime(event.seconds)}`;
      return [`Next attempt ${when}${why}`];
    }
    case 'schema':
      return event.changes.map(changeLine);
    default:
      return [];
  }
}

function changeLine({ stream, change, column, from, to }: SchemaChange): string {
  switch (change) {
    case 'stream_added':
      return `Schema: stream ${stream.name} is new`;
    case 'stream_gone':
      return `Schema: the source has no stream ${stream.name} any more; its table stays`;
    case 'primary_key':
      return `Schema: the primary key of ${stream.name} is ${to} now (it was ${from})`;
    case 'column_added':
      return `Schema: ${stream.name} has a new column ${column}${to ? ` (${to})` : ''}`;
    case 'column_widened':
      return `Schema: ${stream.name}.${column} holds ${to ?? 'more'} now${from ? ` (it was ${from})` : ''}`;
    case 'column_retyped':
      return `Schema: ${stream.name}.${column} is ${to} now (it was ${from})`;
    case 'column_moved_aside':
      return `Schema: ${stream.name}.${column} has another type now${from && to ? ` (${from}, now ${to})` : ''}: the old column was moved aside`;
  }
}

/** `30 s`, `4:30` */
function waitTime(seconds: number): string {
  return seconds < 100 ? `${Math.ceil(seconds)} s` : duration(seconds);
}
