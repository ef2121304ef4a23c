import type { Json } from '@tidemark/protocol';

/** `primary_key` as paths: `id` is `[[id]]`, `[a, b]` is `[[a], [b]]`, `[[a, b]]` is one nested path. */
export function primaryKeyPaths(raw: Json | undefined): string[][] {
  if (raw === undefined || raw === null || raw === '') return [];
  if (Array.isArray(raw)) return raw.map((key) => (Array.isArray(key) ? key.map(String) : [String(key)]));
  return [[String(raw)]];
}
