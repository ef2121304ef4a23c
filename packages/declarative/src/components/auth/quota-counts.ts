import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { valueAt } from './config-path.js';
import { dateMilliseconds, lifetimeSeconds } from './expiry.js';
import type { Quota } from './slot.js';

/** What one token has left of one quota. */
export interface Count {
  remaining: number;
  /** Milliseconds since the epoch. */
  resetAt: number;
  limit: number;
  /** False where the API counts nothing. */
  isTracked: boolean;
}

// Clocks and caches disagree a little: a reset this much older still means the same window.
const SKEW = 60_000;

/** The count of an API that counts nothing. */
export const untracked = (now: number): Count => ({ remaining: 0, resetAt: now, limit: 0, isTracked: false });

/** Reads a quota status. Throws ConnectorError (system) when a path of the manifest leads nowhere. */
export function countOf(status: Json, quota: Quota): Count {
  const remaining = wholeAt(status, quota.remainingPath, quota);
  const resetAt = dateMilliseconds(at(status, quota.resetPath, quota));
  if (resetAt === undefined) throw unreadable(quota, quota.resetPath);
  return {
    remaining,
    resetAt,
    limit: quota.limitPath ? wholeAt(status, quota.limitPath, quota) : remaining,
    isTracked: true,
  };
}

function at(status: Json, path: readonly string[], quota: Quota): Json {
  const value = valueAt(status as JsonObject, path);
  if (value === undefined) throw unreadable(quota, path);
  return value;
}

function wholeAt(status: Json, path: readonly string[], quota: Quota): number {
  const value = lifetimeSeconds(at(status, path, quota));
  if (value === undefined) throw unreadable(quota, path);
  return value;
}

function unreadable(quota: Quota, path: readonly string[]): ConnectorError {
  return new ConnectorError(
    'system',
    `The quota status has nothing that can be used at '${path.join('.')}' for the quota '${quota.name}'.`,
  );
}

/** Corrects a count by what an answer to a request with this token says. */
export function learn(
  count: Count,
  quota: Quota,
  response: { status: number; headers: Readonly<Record<string, string>> },
): void {
  if (!count.isTracked) return;
  const isRefusal = quota.exhaustionStatuses.has(response.status);
  const remaining = whole(response.headers, quota.remainingHeader) ?? (isRefusal ? 0 : undefined);
  const limit = whole(response.headers, quota.limitHeader);
  const reset = quota.resetHeader ? response.headers[quota.resetHeader] : undefined;
  const resetAt = reset === undefined ? undefined : dateMilliseconds(reset);
  if (limit !== undefined && limit > 0 && (resetAt === undefined || resetAt >= count.resetAt)) count.limit = limit;
  if (resetAt !== undefined && resetAt > count.resetAt) {
    count.resetAt = resetAt;
    count.remaining = remaining ?? count.limit;
    return;
  }
  if (remaining === undefined) return;
  // Answers come out of order: within a window the count only goes down, and a window that is over says nothing any more,
  // except that there is nothing left.
  const isThisWindow = resetAt === undefined || resetAt >= count.resetAt - SKEW;
  if (isThisWindow || (remaining <= 0 && isRefusal)) count.remaining = Math.min(count.remaining, remaining);
}

function whole(headers: Readonly<Record<string, string>>, name: string | undefined): number | undefined {
  const text = name === undefined ? undefined : headers[name];
  return text !== undefined && /^\s*-?\d{1,15}\s*$/.test(text) ? Number(text) : undefined;
}
