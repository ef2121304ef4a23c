import { ConnectorError } from '@tidemark/source';
import type { StreamProgress, SyncResult } from '@tidemark/sync';
import { describe, expect, it } from 'vitest';
import { closingTable } from '../src/sync/closing-table.js';
import { JsonLog } from '../src/sync/json-log.js';
import { PlainProgress } from '../src/sync/plain-progress.js';
import { progressLine } from '../src/sync/progress-line.js';
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
const start = (names: string[], attempt = 1) => ({
  type: 'start' as const,
  attempt,
  jobId: 7,
  nonce: 'n',
  streams: names.map((name) => progress(name, { status: 'waiting' })),
});
const error = new ConnectorError('transient', 'HTTP 503 s3cret', { stream: 'users' });
const result: SyncResult = {
  outcome: 'partial',
  jobId: 7,
  attempt: 2,
  rows: 10_000,
  elapsedSeconds: 65,
  errors: [error],
  left: [],
  attempts: [
    { attempt: 2, outcome: 'partial', rows: 10, progressed: true, errors: [error], startedAt: 0, elapsedSeconds: 5 },
  ],
  streams: [
    { ...progress('orders', { status: 'complete', resumed: true, rowsBefore: 2_000 }), earlier: false, changed: 0 },
    { ...progress('users', { status: 'failed', committed: 0 }), earlier: false, changed: 0 },
  ],
};
const redact = (text: string) => text.replaceAll('s3cret', '****');

describe('progress', () => {
  it('prints plain lines when a stream begins and ends, not for every page', () => {
    const lines: string[] = [];
    const view = new PlainProgress((line) => lines.push(line), redact);
    view.event(start(['orders']));
    for (let i = 0; i < 3; i++)
      view.event({
        type: 'progress',
        stream: progress('orders', { resumed: true, rowsBefore: 1_000, resumedFrom: 'page s3cret' }),
      });
    view.event({ type: 'stream', stream: progress('orders', { status: 'complete', pages: 1 }) });
    view.end({ exitCode: 0 });
    expect(lines).toEqual([
      'orders  reading  12,000 records, 12 pages, 3,400/s, 0:04 (resumed from page **** after 1,000 rows)',
      'orders  done     12,000 records, 1 page, 3,400/s, 0:04',
    ]);
  });

  it('says how much there is about while a stream is read, and no share that cannot be', () => {
    const line = (more: Partial<StreamProgress>) => progressLine(progress('orders', more), 0);
    expect(line({ estimatedRows: 50_000 })).toBe(
      'orders  reading  12,000 of about 50,000 rows (24 %), 12 pages, 3,400/s, 0:04',
    );
    expect(line({ estimatedRows: 50_000, resumed: true, rowsBefore: 30_000 })).toBe(
      'orders  reading  42,000 of about 50,000 rows (84 %), 12 pages, 3,400/s, 0:04 (resumed after 30,000 rows)',
    );
    expect(line({ estimatedRows: 12_000 })).toContain('12,000 of about 12,000 rows (100 %)');
    // More has come than the source knew of: its number is of no use any more.
    expect(line({ estimatedRows: 11_999 })).toBe(line({}));
    expect(line({ estimatedRows: 50_000, status: 'complete' })).toBe(line({ status: 'complete' }));
  });

  it('says which attempt it is, when the next one begins and why, and what has become of the schema', () => {
    const lines: string[] = [];
    const view = new PlainProgress((line) => lines.push(line), redact);
    view.event(start(['users']));
    view.event({ type: 'progress', stream: progress('users') });
    view.event({ type: 'wait', seconds: 30, nextAttempt: 2, error });
    view.event({ type: 'wait', seconds: 270, nextAttempt: 2 });
    view.event({ type: 'wait', seconds: 0, nextAttempt: 2 });
    view.event(start(['users'], 2));
    view.event({ type: 'progress', stream: progress('users', { records: 1, rate: 1 }) });
    view.event({
      type: 'schema',
      changes: [
        { stream: { name: 'users' }, change: 'column_added', column: 'age', to: 'BIGINT' },
        { stream: { name: 'users' }, change: 'column_widened', column: 'id', from: 'BIGINT', to: 'VARCHAR' },
        { stream: { name: 'old' }, change: 'stream_gone' },
      ],
    });
    view.end({ error, exitCode: 1 });
    expect(lines).toEqual([
      'users  reading  12,000 records, 12 pages, 3,400/s, 0:04',
      'Next attempt in 30 s: HTTP 503 ****',
      'Next attempt in 4:30',
      'Next attempt at once, because the last one got on',
      'Attempt 2 of job 7',
      'users  reading  1 record, 12 pages, 1/s, 0:04',
      'Schema: users has a new column age (BIGINT)',
      'Schema: users.id holds VARCHAR now (it was BIGINT)',
      'Schema: the source has no stream old any more; its table stays',
      'tidemark: HTTP 503 ****',
    ]);
  });

  it('redraws in place on a terminal and never draws more lines than it has', () => {
    let text = '';
    const view = new TerminalProgress({ write: (piece) => (text += piece), columns: 60, rows: 8 });
    view.event(start(Array.from({ length: 30 }, (_, i) => `stream-${i}`)));
    view.note('a warning');
    view.note('another');
    view.end({ exitCode: 0 });
    const drawn = text.split('\n');
    expect(Math.max(...drawn.map((line) => line.length))).toBeLessThanOrEqual(70);
    expect(text).toContain('0 of 30 streams done');
    expect(text).toContain('\u001b[1A\u001b[0J');
    expect(text.endsWith('\u001b[1A\u001b[0J')).toBe(true);
  });

  it('counts down to the next attempt on a terminal', () => {
    let text = '';
    const view = new TerminalProgress({ write: (piece) => (text += piece), columns: 60, rows: 8 });
    view.event(start(['users']));
    view.event({ type: 'wait', seconds: 3_600, nextAttempt: 2 });
    view.note('x');
    expect(text).toMatch(/attempt 2 in (1:00:00|0:59:59|59:\d\d)\n$/);
    view.event(start(['users'], 2));
    view.note('y');
    view.end({ exitCode: 0 });
    expect(text.slice(text.indexOf('y'))).not.toContain('attempt 2 in');
  });

  it('closes with a table', () => {
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
    const over = closingTable({ ...result, nextJob: 'nobody wants it' }, 'duckdb:x');
    expect(over.at(-1)).toBe('The next sync begins job 8: nobody wants it.');
    const unparsable = [{ lines: 2 }, { lines: 1, file: 'x.txt' }];
    const attempts = unparsable.map((one) => ({ ...result.attempts[0]!, unparsable: one }));
    expect(closingTable({ ...result, attempts }, 'duckdb:x').at(-2)).toBe(
      '3 lines of the source were no messages: they are in x.txt.',
    );
    const left = closingTable({ ...result, outcome: 'complete', left: [{ name: 'berths' }] }, 'duckdb:x');
    expect(left.at(-1)).toBe('Job 7 is not complete: berths is half read. A sync of it goes on.');
  });

  it('writes durations as people read them', () => {
    expect([0, 7.9, 750, 3723].map(duration)).toEqual(['0:00', '0:07', '12:30', '1:02:03']);
  });
});

describe('--log json', () => {
  const stream = (more: object) => ({
    name: 'users',
    namespace: null,
    status: 'reading',
    rows: 10_000,
    rows_before: 0,
    records: 12_000,
    bytes: 0,
    estimated_rows: null,
    share: null,
    checkpoints: 3,
    values_changed: 0,
    done_before: false,
    resumed_from: null,
    seconds: 4.2,
    error: null,
    ...more,
  });

  it('prints one object a line, in the documented shape', () => {
    const lines: string[] = [];
    let now = 0;
    const view = new JsonLog(
      (line) => lines.push(line),
      redact,
      () => now,
    );
    view.event(start(['users'], 2));
    view.log('WARN', 'slow');
    view.event({ type: 'progress', stream: progress('users') });
    now = 9_999;
    view.event({ type: 'checkpoint', stream: progress('users'), rows: 5 });
    now = 10_000;
    view.event({ type: 'checkpoint', stream: progress('users'), rows: 5 });
    view.event({ type: 'schema', changes: [{ stream: { name: 'users' }, change: 'stream_added' }] });
    view.event({ type: 'stream', stream: progress('users', { status: 'complete' }) });
    view.event({ type: 'attempt', result });
    view.event({ type: 'wait', seconds: 10, nextAttempt: 3, error });
    view.end({ result: { ...result, streams: [] }, exitCode: 3, destination: 'duckdb:x' });
    const at = '1970-01-01T00:00:00.000Z';
    const later = '1970-01-01T00:00:10.000Z';
    const failure = { kind: 'transient', message: 'HTTP 503 ****', stream: 'users' };
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { at, event: 'start', job: 7, attempt: 2, streams: [stream({ status: 'waiting' })] },
      { at, event: 'log', level: 'WARN', message: 'slow' },
      { at, event: 'progress', stream: stream({}), records_per_second: 3400 },
      { at: later, event: 'progress', stream: stream({}), records_per_second: 3400 },
      {
        at: later,
        event: 'schema',
        changes: [{ stream: 'users', namespace: null, change: 'stream_added', column: null, from: null, to: null }],
      },
      { at: later, event: 'stream', stream: stream({ status: 'complete' }) },
      {
        at: later,
        event: 'attempt',
        job: 7,
        attempt: 2,
        outcome: 'partial',
        rows: 10,
        seconds: 5,
        errors: [failure],
        unparsable: null,
      },
      { at: later, event: 'wait', seconds: 10, next_attempt: 3, error: failure },
      {
        at: later,
        event: 'end',
        destination: 'duckdb:x',
        job: 7,
        attempt: 2,
        outcome: 'partial',
        exit_code: 3,
        rows: 10_000,
        seconds: 65,
        streams: [],
        errors: [failure],
        unparsable: null,
      },
    ]);
    expect(lines.join('\n')).not.toContain('s3cret');
  });

  it('ends with the reason when a sync could not begin', () => {
    const lines: string[] = [];
    const view = new JsonLog((line) => lines.push(line), redact);
    view.end({ error, exitCode: 1 });
    expect(JSON.parse(lines[0]!)).toMatchObject({ event: 'end', job: null, outcome: 'failed', exit_code: 1 });
  });
});
