import type { ConnectorError } from '@tidemark/source';
import { type StreamProgress, shareOf } from '../progress.js';
import { type AttemptResult, type StreamResult, unparsableOf } from '../result.js';
import type { SchemaChange } from '../schema-change.js';

/** A stream as webhooks and machine-readable logs tell of it. Every key is always there. */
export interface StreamFacts {
  name: string;
  namespace: string | null;
  status: StreamProgress['status'];
  /** Rows that were committed: of this attempt while it runs, of the whole run of the sync once that is over. */
  rows: number;
  /** Rows that attempts of the same job had committed before that. */
  rows_before: number;
  /** Records that the source handed over meanwhile, and their estimated size. */
  records: number;
  bytes: number;
  /** About how many rows the whole stream has, where the source knows. */
  estimated_rows: number | null;
  /** How much of them this job has read or, at the stream's end, committed: 0 to 1. Null when more has come than was known of. */
  share: number | null;
  checkpoints: number;
  /** Values that did not fit their column: null there, kept in `_airbyte_meta`. */
  values_changed: number;
  /** An earlier attempt of the job had finished it: not read again. */
  done_before: boolean;
  /** Where it went on, in words. */
  resumed_from: string | null;
  seconds: number;
  error: ErrorFacts | null;
}

/** A failure as webhooks and machine-readable logs tell of it. */
export interface ErrorFacts {
  kind: ConnectorError['kind'];
  message: string;
  stream: string | null;
}

/** Lines of a source program that were no messages, as webhooks and machine-readable logs tell of them. */
export interface UnparsableFacts {
  lines: number;
  /** The file that has them; null where they were only logged. */
  file: string | null;
}

export function unparsableFacts(attempts: readonly AttemptResult[]): UnparsableFacts | null {
  const sum = unparsableOf(attempts);
  return sum ? { lines: sum.lines, file: sum.file ?? null } : null;
}

/** A schema change as webhooks and machine-readable logs tell of it. */
export interface SchemaChangeFacts {
  stream: string;
  namespace: string | null;
  change: SchemaChange['change'];
  column: string | null;
  from: string | null;
  to: string | null;
}

export function streamFacts(progress: StreamProgress | StreamResult, redact: (text: string) => string): StreamFacts {
  const result: Partial<StreamResult> = progress;
  return {
    name: progress.stream.name,
    namespace: progress.stream.namespace ?? null,
    status: progress.status,
    rows: progress.committed,
    rows_before: progress.rowsBefore,
    records: progress.records,
    bytes: progress.bytes,
    estimated_rows: progress.estimatedRows ?? null,
    share: shareOf(progress) ?? null,
    checkpoints: progress.checkpoints,
    values_changed: result.changed ?? 0,
    done_before: result.earlier ?? false,
    resumed_from: progress.resumedFrom === undefined ? null : redact(progress.resumedFrom),
    seconds: progress.elapsedSeconds,
    error: result.error ? errorFacts(result.error, redact) : null,
  };
}

export function errorFacts(error: ConnectorError, redact: (text: string) => string): ErrorFacts {
  return { kind: error.kind, message: redact(error.message), stream: error.stream ?? null };
}

export function schemaChangeFacts({ stream, change, column, from, to }: SchemaChange): SchemaChangeFacts {
  const { name, namespace } = stream;
  return {
    stream: name,
    namespace: namespace ?? null,
    change,
    column: column ?? null,
    from: from ?? null,
    to: to ?? null,
  };
}
