import { canonical, type JsonObject } from '@tidemark/protocol';
import type { StoredJob } from '../../destination.js';

/** What the file beside a file of lines says about it. */
export interface FileNote {
  connection: string;
  /** Millisecond of the last `_airbyte_raw_id`. */
  mark: number;
  /** Bytes that count. */
  length: number;
  /** A change that was begun. Whether it counts is said by the books: they have been written after this, or not. */
  intent?: Intent;
}

export interface Intent {
  /** Bytes that count when the books have it. */
  length: number;
  /** The file is written anew, and put in its place when the books have it. */
  isRewrite: boolean;
  /** What the books hold then. */
  streams: { key: string; job: string; rows: number; state: string }[];
  /** Or: the attempt that they know then. */
  attempt?: { job: string; attempt: number };
}

/** A state in a form that is the same however it was written. */
export function stateText(state: JsonObject | undefined): string {
  return state === undefined ? '' : canonical(state);
}

/** Whether the books have what was intended. */
export function isStored(
  intent: Intent,
  stored: StoredJob | undefined,
  keyOf: (stream: StoredJob['streams'][number]) => string,
) {
  const { attempt } = intent;
  if (attempt) return stored?.job.nonce === attempt.job && stored.job.attempt === attempt.attempt;
  return intent.streams.every(({ key, job, rows, state }) =>
    stored?.streams.some(
      (one) => keyOf(one) === key && one.job === job && one.rows === rows && stateText(one.state) === state,
    ),
  );
}
