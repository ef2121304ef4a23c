import { createHash } from 'node:crypto';
import { canonical, type JsonObject } from '@tidemark/protocol';
import { saysWhere } from './attempt.js';
import type { StreamPlan } from './destination.js';

/** What an attempt has stored of a stream. */
export interface StreamEnd {
  state: JsonObject | undefined;
  rows: number;
  complete: boolean;
}

/**
 * Tells an attempt that got on from one that only looked busy. A stream got on when it was completed, or when it committed
 * rows together with a state that no attempt of this sync had reached before and that the next one goes on from: rows that go
 * again, and rows read over and over from the same place, are none.
 */
export class Headway {
  private readonly reached = new Map<string, Set<string>>();

  /** `isKept`: the next attempt goes on from the state; false for a full refresh that begins anew each time. */
  made(plan: StreamPlan, isKept: boolean, end: StreamEnd): boolean {
    const reached = this.reached.get(plan.key) ?? new Set();
    this.reached.set(plan.key, reached);
    if (plan.state) reached.add(digest(plan.state));
    if (end.complete) return true;
    if (!end.state || end.rows <= 0 || !saysWhere(end.state) || !isKept) return false;
    const mark = digest(end.state);
    if (reached.has(mark)) return false;
    reached.add(mark);
    return true;
  }
}

function digest(state: JsonObject): string {
  return createHash('sha256').update(canonical(state)).digest('base64');
}
