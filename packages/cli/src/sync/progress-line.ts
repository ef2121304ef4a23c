import type { StreamProgress } from '@tidemark/sync';
import { count, counted, duration } from './text.js';

const WORDS: Record<StreamProgress['status'], string> = {
  waiting: 'waiting',
  reading: 'reading',
  complete: 'done',
  failed: 'failed',
  stopped: 'stopped',
};

/** One stream's progress as a line: `orders  reading  12,000 records, 12 pages, 3,400/s, 0:04`. */
export function progressLine(progress: StreamProgress, nameWidth: number): string {
  const { stream, status, records, pages, rate, elapsedSeconds, resumed, rowsBefore, resumedFrom } = progress;
  const facts = [counted(records, 'record'), counted(pages, 'page'), `${count(rate)}/s`, duration(elapsedSeconds)];
  const from = resumedFrom === undefined ? '' : ` from ${resumedFrom}`;
  const before = resumed ? ` (resumed${from} after ${counted(rowsBefore, 'row')})` : '';
  const amounts = status === 'waiting' ? '' : facts.join(', ');
  return `${stream.name.padEnd(nameWidth)}  ${WORDS[status].padEnd(7)}  ${amounts}${before}`.trimEnd();
}
