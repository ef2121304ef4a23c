import type { JsonObject, RecordMessage, StateMessage, StreamDescriptor } from '@tidemark/protocol';
import {
  attachFile,
  ConnectorError,
  noteChanges,
  type RecordChange,
  type RecordData,
  type StreamOutcome,
  type StreamPage,
  type Unit,
} from '@tidemark/source';
import { EmittedTimes } from './emitted-times.js';

/** A program tells no units: the whole stream is one. */
export const WHOLE: Unit = { id: '{}', partition: {}, slice: {} };

/** Records are handed on in pages of about this size, and never more than this is kept of all streams. */
const PAGE_RECORDS = 1_000;
const PAGE_BYTES = 1 << 20;

/** What a program has sent of one stream and is not handed on yet. */
export class StreamIntake {
  records: RecordData[] = [];
  bytes = 0;
  /** Since the last state that covers this stream. */
  sinceState = 0;
  /** The last state of this run. */
  state: JsonObject | undefined;
  /** Some of its records were handed on, and no state that several streams share covers them yet. */
  isUncovered = false;
  isRunning = false;
  isStarted = false;
  /** The program says that it did not get to the end. */
  isIncomplete = false;
  /** The program says that it got to the end. */
  isSaidComplete = false;
  /** The program says that something is wrong with it; what it sends is still taken. */
  reported: ConnectorError | undefined;
  /** Nothing more is taken. */
  failure: ConnectorError | undefined;
  outcome: StreamOutcome | undefined;

  private readonly times = new EmittedTimes();

  constructor(
    readonly key: string,
    readonly stream: StreamDescriptor,
    readonly before: JsonObject | undefined,
  ) {}

  /** Adds a record; true when a page is full. */
  add(record: RecordMessage['record'], bytes: number): boolean {
    const data = record.data as RecordData;
    if (record.meta?.changes?.length) noteChanges(data, record.meta.changes as RecordChange[]);
    if (record.file_reference) attachFile(data, record.file_reference);
    this.records.push(data);
    this.times.add(record.emitted_at);
    this.bytes += bytes;
    this.sinceState++;
    return this.records.length >= PAGE_RECORDS || this.bytes >= PAGE_BYTES;
  }

  /** The records since the last page. `now` is when those were emitted that do not say it. */
  take(now: number): StreamPage {
    const { stream, records } = this;
    this.records = [];
    this.bytes = 0;
    return { stream, unit: WHOLE, records, extractedAt: this.times.take(now) };
  }
}

/**
 * Compares what a state says it covers with what came. A source that does not count leaves the number out or writes 0.
 * `excused`: so many lines are in quarantine and may have been records.
 */
export function miscount(
  state: StateMessage['state'],
  came: number,
  about: string,
  excused: number,
): ConnectorError | undefined {
  const said = Number(state.sourceStats?.recordCount ?? 0);
  if (!Number.isFinite(said) || said === 0 || said === came || (said > came && said - came <= excused))
    return undefined;
  const what = said > came ? `dropped records: ${said - came} are missing` : `${came - said} are too many`;
  return new ConnectorError(
    'system',
    `${about}: ${what}. The source counted ${said} records for this state, and ${came} came. The state is not kept; set 'record_counts: ignore' if this source is known to miscount.`,
  );
}
