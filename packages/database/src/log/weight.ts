/** Something that waits, and the bytes of its values. */
export interface Weighed<T> {
  what: T;
  bytes: number;
}

/** About the bytes of a row's values: what is long counts as it is, the rest as a number does. */
export function weightOf(row: Readonly<Record<string, unknown>>): number {
  let bytes = 0;
  for (const name in row) {
    const value = row[name];
    bytes += typeof value === 'string' || Buffer.isBuffer(value) ? value.length : 8;
  }
  return bytes;
}
