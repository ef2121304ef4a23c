import type { RecordData } from '@tidemark/source';

const SAMPLES = 8;
/** What is nested deeper counts as nothing: an estimate must not be what fails. */
const LEVELS = 500;

/** About how many bytes the records take, from a few of them: it serves to bound memory, not to count. */
export function estimateBytes(records: readonly RecordData[]): number {
  const { length } = records;
  if (length === 0) return 0;
  const step = Math.max(1, Math.floor(length / SAMPLES));
  let bytes = 0;
  let taken = 0;
  for (let index = 0; index < length; index += step) {
    bytes += sizeOf(records[index]);
    taken++;
  }
  return Math.ceil((bytes / taken) * length);
}

function sizeOf(value: unknown, level = 0): number {
  if (typeof value === 'string') return value.length + 8;
  if (typeof value !== 'object' || value === null || level > LEVELS) return 8;
  let bytes = 8;
  if (Array.isArray(value)) for (const item of value) bytes += sizeOf(item, level + 1);
  else for (const key in value) bytes += 8 + sizeOf((value as Record<string, unknown>)[key], level + 1);
  return bytes;
}
