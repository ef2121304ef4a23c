import { type StreamProgress, shareOf } from '@tidemark/sync';
import { count, counted, duration } from './text.js';

const WORDS: Record<StreamProgress['status'], string> = {
  waiting: 'waiting',
  reading: 'reading',
  complete: 'done',
  failed: 'failed',
  stopped: 'stopped',
};

/**
 * One stream's progress as a line: `orders  reading  12,000 records, 12 pages, 3,400/s, 0:04`, or, where the source knows about
 * how much there is, `12,000 of about 50,000 rows (24 %), 12 pages, …`, with what earlier attempts have committed.
 */
export function progressLine(progress: StreamProgress, nameWidth: number): string {
  const { stream, status, pages, rate, elapsedSeconds, resumed, rowsBefore, resumedFrom } = progress;
  const facts = [amountRead(progress), counted(pages, 'page'), `${count(rate)}/s`, duration(elapsedSeconds)];
  const from = resumedFrom === undefined ? '' : ` from ${resumedFrom}`;
  const before = resumed ? ` (resumed${from} after ${counted(rowsBefore, 'row')})` : '';
  const amounts = status === 'waiting' ? '' : facts.join(', ');
  return `${stream.name.padEnd(nameWidth)}  ${WORDS[status].padEnd(7)}  ${amounts}${before}`.trimEnd();
}

function amountRead(progress: StreamProgress): string {
  const { status, records, rowsBefore, estimatedRows } = progress;
  const share = status === 'reading' ? shareOf(progress) : undefined;
  if (share === undefined || estimatedRows === undefined) return counted(records, 'record');
  return `${count(rowsBefore + records)} of about ${counted(estimatedRows, 'row')} (${Math.floor(share * 100)} %)`;
}
