import { between, type KeySpace } from './key-space.js';

/** So many digits behind what the two ends have in common say where a value lies. */
const DIGITS = 10;
const DECIMALS = '0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
/** Space to tilde: what every character set has. */
const PRINTABLE = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 32 + i));
/** Letters that have no mark to take away. */
const WITHOUT_PARTS: Readonly<Record<string, string>> = {
  ø: 'o',
  Ø: 'o',
  ß: 's',
  æ: 'a',
  Æ: 'a',
  œ: 'o',
  Œ: 'o',
  ł: 'l',
  Ł: 'l',
  đ: 'd',
  Đ: 'd',
};

/** Bytes in hexadecimal: `00FF`. */
export const BYTES: KeySpace = bytesAfter('');
/** Bytes as PostgreSQL writes them: `\x00ff`. */
export const ESCAPED_BYTES: KeySpace = bytesAfter('\\x');

/** How texts are compared, as far as a hint needs it. */
export interface TextOrder {
  /** By their characters' numbers: capitals are apart from small letters. */
  readonly isBinary: boolean;
  /** The column can have every character: a text with others would not be compared by its index. */
  readonly isUnicode: boolean;
}

/** Texts, by the digits behind what both ends begin with; which digits there are is seen from the ends. */
export function texts(order: TextOrder): KeySpace {
  /** The numbers of two texts, and the text that a number between them is. */
  const line = (lo: string, hi: string) => {
    const [low, high] = [[...lo], [...hi]];
    const common = commonLength(low, high);
    const [from, to] = [low, high].map((text) => text.slice(common, common + DIGITS)) as [string[], string[]];
    const { base, digit, letter } = alphabetOf([...from, ...to], order);
    const written = (digits: number[]): string => low.slice(0, common).join('') + digits.map(letter).join('');
    return { from: from.map(digit), to: to.map(digit), base, written };
  };
  return {
    at(lo, hi, share) {
      const { from, to, base, written } = line(lo, hi);
      // The wrong way round, only the beginning of the way is known.
      const isTurned = numberOf(from, base) > numberOf(to, base);
      const digits = digitsBetween(from, isTurned ? [base - 1] : to, base, share);
      return digits && written(digits);
    },
    seemsAfter(value, other) {
      const { from, to, base } = line(value, other);
      return numberOf(from, base) > numberOf(to, base);
    },
  };
}

function bytesAfter(mark: string): KeySpace {
  return {
    at(lo, hi, share) {
      const [from, to] = [lo, hi].map((text) => [...Buffer.from(text.slice(mark.length), 'hex')]) as [
        number[],
        number[],
      ];
      const common = commonLength(from, to);
      const [low, high] = [from, to].map((bytes) => bytes.slice(common, common + DIGITS).map((byte) => byte + 1));
      const digits = digitsBetween(low!, high!, 257, share);
      if (!digits) return undefined;
      const hex = Buffer.from([...from.slice(0, common), ...digits.map((digit) => digit - 1)]).toString('hex');
      return mark + (mark === '' ? hex.toUpperCase() : hex);
    },
  };
}

function commonLength<T>(a: readonly T[], b: readonly T[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

function numberOf(digits: readonly number[], base: number): bigint {
  let value = 0n;
  for (let i = 0; i < DIGITS; i++) value = value * BigInt(base) + BigInt(digits[i] ?? 0);
  return value;
}

/**
 * Digits from 1 to `base - 1` between two rows of them; 0 is where a row ends. Undefined where none lie between.
 */
function digitsBetween(a: readonly number[], b: readonly number[], base: number, share: number): number[] | undefined {
  const [from, to] = [numberOf(a, base), numberOf(b, base)];
  let value = between(from, to, share);
  if (value === from || value === to) return undefined;
  const digits: number[] = [];
  for (let i = 0; i < DIGITS; i++) {
    digits.unshift(Number(value % BigInt(base)));
    value /= BigInt(base);
  }
  const end = digits.indexOf(0);
  const kept = end < 0 ? digits : digits.slice(0, end);
  return kept.length > 0 ? kept : undefined;
}

interface Alphabet {
  readonly base: number;
  readonly digit: (letter: string) => number;
  readonly letter: (digit: number) => string;
}

/** The letters that two texts are made of, as far as their ends show it, in an order that is roughly the server's. */
function alphabetOf(seen: readonly string[], { isBinary, isUnicode }: TextOrder): Alphabet {
  const folded = isBinary ? seen : seen.map(plainLetter);
  const letters = lettersOf(folded.join(''), isBinary);
  // What follows them: the characters around those that were seen, where the column can have them.
  const codes = isUnicode ? folded.map((each) => each.codePointAt(0)!).filter((code) => code > 127) : [];
  const first = Math.min(...codes) & ~63;
  const more = codes.length > 0 ? Math.max(...codes) - first + 1 : 0;
  return {
    base: letters.length + more + 1,
    digit(letter) {
      const own = isBinary ? letter : plainLetter(letter);
      const place = letters.indexOf(own);
      if (place >= 0) return place + 1;
      const code = own.codePointAt(0)!;
      if (code > 127) return letters.length + Math.max(0, Math.min(more, code - first + 1));
      // Collations for people have signs in front of figures and letters.
      return isBinary ? [...letters].filter((each) => each < own).length : 0;
    },
    letter(digit) {
      if (digit <= letters.length) return letters[digit - 1]!;
      const code = first + digit - letters.length - 1;
      return String.fromCodePoint(code >= 0xd800 && code <= 0xdfff ? 0xd7ff : code);
    },
  };
}

/** Without its case, and without what stands above or below it. */
function plainLetter(letter: string): string {
  const [base] = letter.normalize('NFD');
  return (WITHOUT_PARTS[letter] ?? base!).toLowerCase();
}

function lettersOf(text: string, isBinary: boolean): string {
  // A hyphen stands in identifiers only to part them.
  const plain = isBinary ? text.replaceAll('-', '') : text.replace(/[^\da-z]/g, '');
  if (/^\d*$/.test(plain)) return DECIMALS;
  if (/^[\da-f]+$/.test(plain)) return DECIMALS + LOWER.slice(0, 6);
  if (/^[\dA-F]+$/.test(plain)) return DECIMALS + UPPER.slice(0, 6);
  if (!/^[\dA-Za-z]+$/.test(plain)) return PRINTABLE;
  const [hasDigits, hasLower, hasUpper] = [/\d/, /[a-z]/, /[A-Z]/].map((each) => each.test(plain));
  return (hasDigits ? DECIMALS : '') + (hasUpper ? UPPER : '') + (hasLower ? LOWER : '');
}
