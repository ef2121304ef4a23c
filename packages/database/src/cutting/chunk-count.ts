/** A table is cut into at most this many chunks. */
const CHUNKS_MAX = 4_096;

/** Into how many chunks of at most `chunkBytes` a table of so many bytes is cut. */
export function chunkCount(bytes: number, chunkBytes: number): number {
  return Math.min(CHUNKS_MAX, Math.ceil(bytes / chunkBytes));
}
