/**
 * The records of a page that can be had as JSON text without being built first: a sink that writes text takes this way, which
 * is several times as fast; every other sink takes the page's `records`, made when they are asked for.
 */
export interface RecordLines {
  readonly count: number;
  /**
   * UTF-8 of one line for each record: `before`, its JSON object, then (for a record with changes) `,"meta":{"changes":[…]}`,
   * then `after`. They come in pieces of whole lines; the bytes of one are the caller's until it asks for the next.
   */
  write(before: string, after: string): Iterable<Uint8Array>;
}
