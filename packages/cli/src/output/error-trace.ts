import type { TraceMessage } from '@tidemark/protocol';
import type { ConnectorError } from '@tidemark/source';

/** The one place where an error becomes a protocol message: redacted, with whose turn it is (`failure_type`). */
export function errorTrace(
  error: ConnectorError,
  emittedAt: number,
  redact: (text: string) => string,
  namespace?: string,
): TraceMessage {
  const internal = error.detail ?? (error.cause instanceof Error ? error.cause.message : undefined);
  return {
    type: 'TRACE',
    trace: {
      type: 'ERROR',
      emitted_at: emittedAt,
      error: {
        message: redact(error.message),
        ...(internal === undefined ? {} : { internal_message: redact(internal) }),
        ...(error.stack === undefined ? {} : { stack_trace: redact(error.stack) }),
        failure_type: error.failureType,
        ...(error.stream === undefined
          ? {}
          : { stream_descriptor: { name: error.stream, ...(namespace ? { namespace } : {}) } }),
      },
    },
  };
}
