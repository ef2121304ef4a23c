import { between, type KeySpace } from './key-space.js';

const UUID = /^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/;
const NATURAL = stretch(0, 32);
/** SQL Server's: the last six bytes count most, the first three groups from their ends. */
const BACKWARDS = [
  ...stretch(20, 32),
  ...stretch(16, 20),
  ...[14, 12, 10, 8, 6, 4, 2, 0].flatMap((byte) => [byte, byte + 1]),
];
/** MariaDB's, of versions whose first digits change fastest: group by group from the last. */
const BY_GROUPS = [...stretch(20, 32), ...stretch(16, 20), ...stretch(12, 16), ...stretch(8, 12), ...stretch(0, 8)];
const VERSION = 12;
const VARIANT = 16;

/** UUIDs by their digits. */
export const UUIDS: KeySpace = { at: (lo, hi, share) => along(NATURAL, lo, hi, share) };

/** UUIDs as SQL Server orders them. */
export const UNIQUEIDENTIFIERS: KeySpace = { at: (lo, hi, share) => along(BACKWARDS, lo, hi, share) };

/** UUIDs as MariaDB orders them: those of version 6 and later by their digits, the others by their groups from the last. */
export const MARIADB_UUIDS: KeySpace = {
  at(lo, hi, share) {
    const digits = digitsOf(lo);
    const isLate = [digits, digitsOf(hi)].every((each) => Number.parseInt(each[VERSION] ?? '0', 16) >= 6);
    const value = along(isLate ? NATURAL : BY_GROUPS, lo, hi, share);
    if (value === undefined) return undefined;
    // Of another version it might lie in the other order.
    const made = [...digitsOf(value)];
    for (const place of [VERSION, VARIANT]) made[place] = digits[place]!;
    return written(made.join(''));
  },
};

function along(order: readonly number[], lo: string, hi: string, share: number): string | undefined {
  if (!UUID.test(lo) || !UUID.test(hi)) return undefined;
  const number = (text: string): bigint => {
    const digits = digitsOf(text);
    return BigInt(`0x${order.map((place) => digits[place]).join('')}`);
  };
  const [from, to] = [number(lo), number(hi)];
  const value = between(from, to, share);
  if (value === from || value === to) return undefined;
  const ordered = value.toString(16).padStart(32, '0');
  const digits: string[] = [];
  order.forEach((place, i) => {
    digits[place] = ordered[i]!;
  });
  return written(digits.join(''));
}

function digitsOf(text: string): string {
  return text.replaceAll('-', '');
}

function written(digits: string): string {
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    '-',
  );
}

function stretch(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
