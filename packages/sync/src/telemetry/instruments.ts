import type { Counter, Histogram, Meter } from '@opentelemetry/api';

/** What is counted and timed. Names and units are documented in docs/telemetry.md. */
export interface Instruments {
  records: Counter;
  bytes: Counter;
  rows: Counter;
  checkpoints: Counter;
  attempts: Counter;
  retries: Counter;
  duration: Histogram;
  streamDuration: Histogram;
}

export function instruments(meter: Meter): Instruments {
  const counter = (name: string, unit: string, description: string): Counter =>
    meter.createCounter(name, { unit, description });
  const seconds = (name: string, description: string): Histogram =>
    meter.createHistogram(name, { unit: 's', description });
  return {
    records: counter('tidemark.records', '{record}', 'Records that sources have handed over.'),
    bytes: counter('tidemark.bytes', 'By', 'Estimated size of these records.'),
    rows: counter('tidemark.rows', '{row}', 'Rows that are committed in destinations.'),
    checkpoints: counter('tidemark.checkpoints', '{checkpoint}', 'Commits of rows together with their state.'),
    attempts: counter('tidemark.attempts', '{attempt}', 'Attempts that have ended.'),
    retries: counter('tidemark.retries', '{attempt}', 'Attempts that followed one that had failed.'),
    duration: seconds('tidemark.sync.duration', 'How long syncs took, waits included.'),
    streamDuration: seconds('tidemark.stream.duration', 'How long streams took in one attempt.'),
  };
}
