import type { SyncResult } from '@tidemark/sync';
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
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: string[]): string =>
    cells
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  const sum = `${OUTCOMES[result.outcome]}: ${counted(result.rows, 'row')} into ${destination} in ${duration(result.elapsedSeconds)} (job ${result.jobId}, attempt ${result.attempt}).`;
  const next = result.outcome === 'complete' ? [] : ['The same command goes on from here; --restart begins anew.'];
  return ['', line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line), '', sum, ...next];
}
