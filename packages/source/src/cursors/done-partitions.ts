import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '@tidemark/protocol';
import { PartitionKeys } from './partition-keys.js';

/** How many done partitions a state lists before those at the beginning fold into a count and a digest. */
const LISTED_MAX = 200;

/**
 * Remembers which partitions of a run are done. Listed one by one while they are few; when there are many, the unbroken run
 * of done ones at the beginning folds into how many they are and a digest of their order, so that a state stays small with
 * 100,000 partitions. On resume a folded prefix is believed only when the same partitions come in the same order again.
 */
export class DonePartitions {
  private readonly listed = new Map<string, JsonObject>();
  private foldedCount: number;
  private foldedDigest: string;
  /** Keys in the order of the plan that are not folded yet; the first may be folded as soon as it is done. */
  private readonly order: string[] = [];
  private head = 0;
  /** What the last state claims to be folded; undefined when it claims nothing. */
  readonly claim: { count: number; digest: string } | undefined;
  private claimOpen: boolean;

  /** `before` is what `state` gave; `foldable` false where the order of partitions differs from run to run. */
  constructor(
    before: Json | undefined,
    private readonly foldable = true,
  ) {
    const state = (before !== null && typeof before === 'object' && !Array.isArray(before) ? before : {}) as JsonObject;
    const keys = new PartitionKeys();
    for (const partition of Array.isArray(state.done) ? state.done : []) {
      if (partition === null || typeof partition !== 'object' || Array.isArray(partition)) continue;
      this.listed.set(keys.next(partition as JsonObject).key, partition as JsonObject);
    }
    const folded = state.folded as JsonObject | undefined;
    if (folded && typeof folded.count === 'number' && typeof folded.digest === 'string' && folded.count > 0) {
      this.claim = { count: folded.count, digest: folded.digest };
    }
    this.claimOpen = this.claim !== undefined;
    this.foldedCount = 0;
    this.foldedDigest = '';
  }

  /** Says whether the claim holds: that these many partitions at the beginning are done. Until then states repeat it. */
  settle(holds: boolean): void {
    this.claimOpen = false;
    if (holds) {
      this.foldedCount = this.claim!.count;
      this.foldedDigest = this.claim!.digest;
    }
  }

  /** A partition was planned (also one that is done already). Call in the order of the plan. */
  planned(key: string): void {
    if (!this.foldable) return;
    this.order.push(key);
    this.fold();
  }

  has(key: string): boolean {
    return this.listed.has(key);
  }

  add(key: string, partition: JsonObject): void {
    this.listed.set(key, partition);
    this.fold();
  }

  remove(key: string): void {
    this.listed.delete(key);
  }

  private fold(): void {
    if (!this.foldable || this.claimOpen || this.listed.size <= LISTED_MAX) return;
    while (this.head < this.order.length && this.listed.has(this.order[this.head]!)) {
      const key = this.order[this.head++]!;
      this.listed.delete(key);
      this.foldedCount++;
      this.foldedDigest = nextDigest(this.foldedDigest, key);
    }
    if (this.head > 10_000) {
      this.order.splice(0, this.head);
      this.head = 0;
    }
  }

  /** For the state; undefined while nothing is done. */
  state(): JsonObject | undefined {
    const folded = this.claimOpen
      ? this.claim
      : this.foldedCount
        ? { count: this.foldedCount, digest: this.foldedDigest }
        : undefined;
    if (this.listed.size === 0 && !folded) return undefined;
    return {
      ...(folded ? { folded: { ...folded } } : {}),
      ...(this.listed.size ? { done: [...this.listed.values()] } : {}),
    };
  }
}

/** The digest of an order of keys, one key further. */
export function nextDigest(digest: string, key: string): string {
  return createHash('sha256').update(digest).update('\n').update(key).digest('base64url').slice(0, 22);
}
