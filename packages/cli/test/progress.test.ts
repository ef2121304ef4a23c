import type { StreamProgress, SyncResult } from '@tidemark/sync';
import { describe, expect, it } from 'vitest';
import { closingTable } from '../src/sync/closing-table.js';
import { PlainProgress } from '../src/sync/plain-progress.js';
import { TerminalProgress } from '../src/sync/terminal-progress.js';
import { duration } from '../src/sync/text.js';

const progress = (name: string, more: Partial<StreamProgress> = {}): StreamProgress => ({
  stream: { name },
  status: 'reading',
  records: 12_000,
  pages: 12,
  bytes: 0,
  committed: 10_000,
  checkpoints: 3,
  rowsBefore: 0,
  resumed: false,
  rate: 3_400.4,
  elapsedSeconds: 4.2,
  ...more,
});

describe('progress', () => {
  it('prints plain lines when a stream begins and ends, not for every page', () => {
    const lines: string[] = [];
    const view = new PlainProgress((line) => lines.push(line));
    view.event({ type: 'start', attempt: 1, jobId: 1, streams: [progress('orders', { status: 'waiting' })] });
    for (let i = 0; i < 3; i++)
      view.event({ type: 'progress', stream: progress('orders', { resumed: true, rowsBefore: 1_000 }) });
    view.event({ type: 'stream', stream: progress('orders', { status: 'complete', pages: 1 }) });
    view.close();
    expect(lines).toEqual([
      'orders  reading  12,000 records, 12 pages, 3,400/s, 0:04 (resumed after 1,000 rows)',
      'orders  done     12,000 records, 1 page, 3,400/s, 0:04',
    ]);
  });

  it('redraws in place on a terminal and never draws more lines than it has', () => {
    let text = '';
    const view = new TerminalProgress({ write: (piece) => (text += piece), columns: 60, rows: 8 });
    view.event({
      type: 'start',
      attempt: 1,
      jobId: 1,
      streams: Array.from({ length: 30 }, (_, i) => progress(`stream-${i}`)),
    });
    view.line('a warning');
    view.line('another');
    view.close();
    const drawn = text.split('\n');
    expect(Math.max(...drawn.map((line) => line.length))).toBeLessThanOrEqual(70);
    expect(text).toContain('0 of 30 streams done');
    expect(text).toContain('\u001b[5A\u001b[0J');
    expect(text.endsWith('\u001b[5A\u001b[0J')).toBe(true);
  });

  it('closes with a table', () => {
    const result: SyncResult = {
      outcome: 'partial',
      jobId: 7,
      attempt: 2,
      rows: 10_000,
      elapsedSeconds: 65,
      errors: [],
      streams: [
        { ...progress('orders', { status: 'complete', resumed: true, rowsBefore: 2_000 }), earlier: false, changed: 0 },
        { ...progress('users', { status: 'failed', committed: 0 }), earlier: false, changed: 0 },
      ],
    };
    expect(closingTable(result, 'duckdb:x')).toEqual([
      '',
      'stream  status    rows  resumed after  pages  time',
      '------  ------  ------  -------------  -----  ----',
      'orders  done    10,000     2,000 rows     12  0:04',
      'users   failed       0                    12  0:04',
      '',
      'Some streams are missing: 10,000 rows into duckdb:x in 1:05 (job 7, attempt 2).',
      'The same command goes on from here; --restart begins anew.',
    ]);
  });

  it('writes durations as people read them', () => {
    expect([0, 7.9, 750, 3723].map(duration)).toEqual(['0:00', '0:07', '12:30', '1:02:03']);
  });
});
