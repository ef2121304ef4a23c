import { createHash } from 'node:crypto';

/** How long a name may be. PostgreSQL counts bytes, MySQL and DuckDB characters. */
export interface NameLimit {
  max: number;
  unit: 'bytes' | 'characters';
  /** Letters beyond U+FFFF become `_`, and so does the dotted capital I, whose small letter databases do not agree on. */
  basic?: boolean;
}

/**
 * A name that needs no quoting in most tools: letters, digits and underscores, not beginning with a digit. Databases do not
 * all tell upper from lower case, so a name that only differs in case from a `taken` one (in lower case) gets a suffix; the
 * suffix comes from the original name, so that it does not depend on what else there is. The same for names that are too long.
 */
export function safeName(original: string, taken: ReadonlySet<string>, limit: NameLimit): string {
  let name = original.normalize('NFC').replace(/[^\p{L}\p{N}_]/gu, '_');
  if (limit.basic) name = name.replace(/[\u0130\u{10000}-\u{10ffff}]/gu, '_');
  if (name === '' || /^\p{N}/u.test(name)) name = `_${name}`;
  if (size(name, limit) > limit.max) name = withSuffix(name, `_${digest(original)}`, limit);
  if (!taken.has(name.toLowerCase())) return name;
  for (let n = 1; ; n++) {
    const suffix = n === 1 ? `_${digest(original)}` : `_${digest(original)}_${n}`;
    const candidate = withSuffix(name, suffix, limit);
    if (!taken.has(candidate.toLowerCase())) return candidate;
  }
}

/** The name with the suffix, its end cut off where both would be too long. */
export function withSuffix(name: string, suffix: string, limit: NameLimit): string {
  let start = name;
  // Whole characters go: half a surrogate pair is no text.
  while (size(start, limit) + suffix.length > limit.max) start = [...start].slice(0, -1).join('');
  return `${start}${suffix}`;
}

function size(name: string, { unit }: NameLimit): number {
  return unit === 'bytes' ? Buffer.byteLength(name) : [...name].length;
}

export function digest(text: string, length = 6): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
