import type { Estimate, StreamDescriptor } from '@tidemark/protocol';
import type { StreamEstimate } from '@tidemark/source';

/**
 * What a program's ESTIMATE says of one stream; undefined where it says nothing of one (type SYNC is about all of them
 * together, and nobody could say how they share it) or no number that can be one.
 */
export function streamEstimate(estimate: Estimate): { stream: StreamDescriptor; estimate: StreamEstimate } | undefined {
  const { name, namespace, type, row_estimate, byte_estimate } = estimate;
  if (type !== 'STREAM' || typeof name !== 'string') return undefined;
  const [rows, bytes] = [amount(row_estimate), amount(byte_estimate)];
  if (rows === undefined && bytes === undefined) return undefined;
  return {
    stream: { name, namespace },
    estimate: { ...(rows === undefined ? {} : { rows }), ...(bytes === undefined ? {} : { bytes }) },
  };
}

/** Numbers of a program may be of any kind that JSON has; 0 is what many say who do not know. */
function amount(value: unknown): number | undefined {
  const number = Math.round(Number(value ?? 0));
  return Number.isFinite(number) && number > 0 ? number : undefined;
}
