import { between, type KeySpace } from './key-space.js';

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?$/;

/** Whole numbers and decimals of any length: `-12`, `0.50`. Every server orders them alike. */
export const NUMBERS: KeySpace = {
  at(lo, hi, share) {
    const scale = Math.max(scaleOf(lo), scaleOf(hi));
    const [from, to] = [scaled(lo, scale), scaled(hi, scale)];
    if (from === undefined || to === undefined) return undefined;
    const value = between(from, to, share);
    return value > from && value < to ? written(value, scale) : undefined;
  },
  steps(lo, hi, pieces) {
    const scale = Math.max(scaleOf(lo), scaleOf(hi));
    const [from, to] = [scaled(lo, scale), scaled(hi, scale)];
    if (from === undefined || to === undefined) return [];
    const steps = new Set<bigint>();
    for (let i = 1n; i < BigInt(pieces); i++) steps.add(from + ((to - from) * i) / BigInt(pieces));
    return [...steps].filter((step) => step > from && step < to).map((step) => written(step, scale));
  },
};

function scaleOf(text: string): number {
  return NUMBER.exec(text)?.[3]?.length ?? 0;
}

function scaled(text: string, scale: number): bigint | undefined {
  const match = NUMBER.exec(text);
  if (!match) return undefined;
  const [, sign, whole, fraction = ''] = match;
  const value = BigInt(whole! + fraction.padEnd(scale, '0'));
  return sign === '-' ? -value : value;
}

function written(value: bigint, scale: number): string {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return value < 0n ? `-${text}` : text;
}
