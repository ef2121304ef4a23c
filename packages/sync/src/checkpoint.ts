/** When rows are committed with their state: whatever comes first. */
export interface CheckpointPolicy {
  rows: number;
  bytes: number;
  seconds: number;
}

/** Every 10 seconds or 64 MiB; by rows only when asked. */
export const DEFAULT_CHECKPOINT: CheckpointPolicy = {
  rows: Number.POSITIVE_INFINITY,
  bytes: 64 * 1024 * 1024,
  seconds: 10,
};

/** A checkpoint is never further away than this, whatever is set. */
export const SECONDS_MAX = 900;

/** The policy with defaults filled in. */
export function checkpointPolicy(wish: Partial<CheckpointPolicy> = {}): CheckpointPolicy {
  const policy = { ...DEFAULT_CHECKPOINT };
  if (wish.rows !== undefined) policy.rows = wish.rows;
  if (wish.bytes !== undefined) policy.bytes = wish.bytes;
  if (wish.seconds !== undefined) policy.seconds = Math.min(wish.seconds, SECONDS_MAX);
  return policy;
}
