import { streamTitle } from '@tidemark/protocol';
import type { Target } from './job-order.js';
import { readRunning, runningFileOf } from './running-file.js';
import { table } from './table.js';
import { count, moment } from './text.js';

/**
 * A destination that a sync holds says beside it how far it is: that on standard output, and exit code 0. Undefined: nothing is
 * said there.
 */
export function tellRunning(
  { name, destination }: Target,
  redact: (text: string) => string,
  json = false,
): number | undefined {
  const file = runningFileOf(destination);
  const running = file === undefined ? undefined : readRunning(file, name);
  if (!running) return undefined;
  const { pid, job, attempt, at, streams } = running;
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ connection: name, running: { pid, job, attempt, at, streams } }, null, 2)}\n`,
    );
    return 0;
  }
  const rows = streams.map((stream) => [
    streamTitle(stream),
    stream.status,
    count(stream.rows_before + stream.rows),
    count(stream.records),
    stream.share === null ? '' : `${Math.floor(stream.share * 100)} %`,
    stream.resumed_from ?? '',
  ]);
  const lines = [
    name,
    `Running: job ${job}, attempt ${attempt}, in process ${pid}. This is what it said at ${moment(Date.parse(at))}; the books can be read when it is done.`,
    '',
    ...table(
      ['stream', 'status', 'rows in job', 'read in attempt', 'of about', 'resumed from'],
      rows,
      new Set([2, 3, 4]),
    ),
  ];
  process.stdout.write(`${redact(lines.join('\n'))}\n`);
  return 0;
}
