import type { FailureType } from '@tidemark/protocol';

/** Whose turn it is: the user's (config), nobody's, try again (transient), or ours or the API's (system). */
export type ErrorKind = 'config' | 'transient' | 'system';

/**
 * The error that a run can end with. `message` is a sentence for the user, without secrets; `detail` is for the engineer.
 * It becomes a TRACE message in one place (the command's `errorTrace`), after secrets are redacted.
 */
export class ConnectorError extends Error {
  readonly kind: ErrorKind;
  readonly detail?: string;
  stream?: string;
  constructor(kind: ErrorKind, message: string, options: { detail?: string; cause?: unknown; stream?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ConnectorError';
    this.kind = kind;
    this.detail = options.detail;
    this.stream = options.stream;
  }
  get failureType(): FailureType {
    return `${this.kind}_error`;
  }
  /** Any thrown thing as a ConnectorError; what is not one already is a system error. */
  static from(error: unknown, stream?: string): ConnectorError {
    if (error instanceof ConnectorError) {
      error.stream ??= stream;
      return error;
    }
    if (isTooDeep(error)) {
      return new ConnectorError(
        'system',
        'A value of a record nests too deep: lists and objects inside each other are carried down to about a thousand levels. Leave that field out, for example with RemoveFields.',
        { cause: error, stream, detail: error.stack },
      );
    }
    const message = error instanceof Error ? error.message : String(error);
    return new ConnectorError('system', message, {
      cause: error,
      stream,
      detail: error instanceof Error ? error.stack : undefined,
    });
  }
}

/** What walks a value, JSON.stringify among them, ends its stack in one that a hostile server has nested without end. */
function isTooDeep(error: unknown): error is RangeError {
  return error instanceof RangeError && /call stack/i.test(error.message);
}

/** Whether something ended because its signal was aborted. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}
