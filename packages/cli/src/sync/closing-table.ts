import { type SyncResult, unparsableFacts } from '@tidemark/sync';
import { table } from './table.js';
import { count, counted, duration } from './text.js';

const OUTCOMES: Record<SyncResult['outcome'], string> = {
  complete: 'All streams are done',
  partial: 'Some streams are missing',
  failed: 'The sync failed',
  stopped: 'The sync was stopped',
};

/** What a sync came to: a line for each stream, and the sum. */
export function closingTable(result: SyncResult, destination: string): string[] {
  const head = ['stream', 'status', 'rows', 'resumed after', 'pages', 'time'];
  const rows = result.streams.map((stream) => [
    stream.stream.name,
    stream.earlier ? 'done before' : stream.status === 'complete' ? 'done' : stream.status,
    count(stream.committed),
    stream.resumed ? counted(stream.rowsBefore, 'row') : '',
    count(stream.pages),
    duration(stream.elapsedSeconds),
  ]);
  const sum = `${OUTCOMES[result.outcome]}: ${counted(result.rows, 'row')} into ${destination} in ${duration(result.elapsedSeconds)} (job ${result.jobId}, attempt ${result.attempt}).`;
  const goesOn = result.nextJob
    ? `The next sync begins job ${result.jobId + 1}: ${result.nextJob}.`
    : 'The same command goes on from here; --restart begins anew.';
  const next = result.outcome === 'complete' ? [] : [goesOn];
  if (result.outcome === 'complete' && result.left.length > 0) {
    const names = result.left.map(({ name }) => name).join(', ');
    next.push(
      `Job ${result.jobId} is not complete: ${names} ${result.left.length === 1 ? 'is' : 'are'} half read. ${result.nextJob ? goesOn : 'A sync of it goes on.'}`,
    );
  }
  const unparsable = unparsableFacts(result.attempts);
  if (unparsable) {
    const where = unparsable.file === null ? 'they are in the log' : `they are in ${unparsable.file}`;
    next.unshift(`${counted(unparsable.lines, 'line')} of the source were no messages: ${where}.`);
  }
  return ['', ...table(head, rows, new Set([2, 3, 4, 5])), '', sum, ...next];
}
