import type { ApiResponse } from './response.js';

/** Seconds that the Retry-After header asks to wait, given as seconds or as a date; undefined without a readable one. */
export function retryAfterSeconds(response: ApiResponse, now: number): number | undefined {
  const value = response.headers['retry-after']?.trim();
  if (!value) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}
