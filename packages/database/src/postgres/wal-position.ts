import type { Json, JsonObject } from '@tidemark/protocol';

/** A place in the write-ahead log of a cluster, between two transactions. */
export interface WalPosition {
  /** `system_identifier` of the cluster: another one, or one that was made anew, has another. One that was restored has not. */
  system: string;
  /** As the server writes it: `16/B374D848`. */
  lsn: string;
  /** A restore to a moment, and a standby that takes over, begin another. Null where it is not known. */
  timeline: number | null;
}

/** Reads a position that came out of a state; undefined when it is none. */
export function walPosition(value: Json): WalPosition | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { system, lsn, timeline } = value as JsonObject;
  if (typeof system !== 'string' || typeof lsn !== 'string' || !isLsn(lsn)) return undefined;
  return { system, lsn, timeline: typeof timeline === 'number' ? timeline : null };
}

export function isLsn(text: string): boolean {
  return /^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i.test(text);
}

/** The number that an LSN is. */
export function lsnNumber(lsn: string): bigint {
  const [high = '0', low = '0'] = lsn.split('/');
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

/** The other way round. */
export function lsnText(number: bigint): string {
  return `${(number >> 32n).toString(16)}/${(number & 0xffff_ffffn).toString(16)}`.toUpperCase();
}

/**
 * A text that only rises in the order of changes: the commit's place, then the change's number in its transaction. Rows of a
 * load have number 0.
 */
export function sequence(commit: bigint, index: number): string {
  return `${commit.toString(16).toUpperCase().padStart(16, '0')}.${String(index).padStart(10, '0')}`;
}
