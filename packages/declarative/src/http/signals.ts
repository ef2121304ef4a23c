import { ConnectorError, type ErrorKind } from '@tidemark/source';

/** The error handler asks the retriever for another way of reading; what remains uncaught is a failure like any other. */
class Signal extends ConnectorError {
  constructor(name: string, kind: ErrorKind, message: string) {
    super(kind, message);
    this.name = name;
  }
}

/** RESET_PAGINATION: begin the pages of the unit anew. */
export class PaginationResetSignal extends Signal {
  constructor(message = 'The API asked to begin its pages anew.', kind: ErrorKind = 'transient') {
    super('PaginationResetSignal', kind, message);
  }
}

/** REDUCE_PAGE_SIZE: ask for the same page with fewer records. */
export class PageSizeReductionSignal extends Signal {
  constructor(message = 'The API asked for smaller pages.', kind: ErrorKind = 'transient') {
    super('PageSizeReductionSignal', kind, message);
  }
}

/** SPLIT_REQUEST_WINDOW: read the slice in smaller pieces. */
export class RequestWindowSplitSignal extends Signal {
  constructor(message = 'The API asked for smaller request windows.', kind: ErrorKind = 'transient') {
    super('RequestWindowSplitSignal', kind, message);
  }
}

/** The API refuses the page token that a unit was resumed with: the unit must begin anew. */
export class PositionRefused extends Signal {
  constructor(readonly status: number) {
    super('PositionRefused', 'transient', `the API answered ${status} to the page token that the last run stopped at`);
  }
}
