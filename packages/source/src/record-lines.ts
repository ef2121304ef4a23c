/**
 * The records of a page that can be had as JSON text without being built first: a sink that writes text takes this way, which
 * is several times as fast; every other sink takes the page's `records`, made when they are asked for.
 */
export interface RecordLines {
  readonly count: number;
  /**
   * UTF-8 of one line for each record: `before`, its JSON object, then (for a record with changes) `,"meta":{"changes":[…]}`,
   * then `after`. The bytes are the caller's until it calls again.
   */
  write(before: string, after: string): Uint8Array;
}
