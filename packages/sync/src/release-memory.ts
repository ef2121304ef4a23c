import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** After so many bytes of large records the garbage is collected. */
const BYTES = 16 * 1024 * 1024;

let collect: (() => void) | undefined;
let since = 0;

/**
 * Told of large records (a mebibyte and more) before they are written. V8 lets what is left of answers and texts pile up, to
 * hundreds of megabytes, before it looks for garbage by itself, and the destination needs that memory now; a collection costs
 * milliseconds and comes rarely.
 */
export function largeRecordsCome(bytes: number): void {
  since += bytes;
  if (since < BYTES) return;
  since = 0;
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
    setFlagsFromString('--no-expose-gc');
  }
  collect();
}
