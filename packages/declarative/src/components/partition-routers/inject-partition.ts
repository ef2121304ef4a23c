import type { Scope } from '../../component/expression.js';
import type { RequestOption, RequestParts } from '../requesters/slot.js';

/** Puts the partition's own values into a request. A value that is empty, zero or false is left out. */
export function injectPartition(
  places: readonly { field: string; option: RequestOption | undefined }[],
  scope: Scope,
): RequestParts {
  const parts: RequestParts = {};
  const slice = scope.stream_slice as Record<string, unknown> | undefined;
  for (const { field, option } of places) {
    if (!option || !slice || !Object.hasOwn(slice, field)) continue;
    const value = slice[field];
    if (!isEmpty(value)) option.inject(parts, value);
  }
  return parts;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0 || value === 0n)
    return true;
  return (
    typeof value === 'object' &&
    Object.getPrototypeOf(value) !== null &&
    Object.keys(value).length === 0 &&
    !('text' in value)
  );
}
