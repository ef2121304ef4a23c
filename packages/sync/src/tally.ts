import { crc32 } from 'node:zlib';
import { ConnectorError, type RecordData } from '@tidemark/source';
import type { Tally } from './destination.js';

/** Sums stay below 2^53: two of them can be added exactly. */
const MODULUS = 2 ** 52;
/** Longer texts are hashed by the native module: below, the call costs more than the work. */
const LONG_TEXT = 96;
/** A native call copies its text: huge ones go there in pieces. */
const PIECE = 1024 * 1024;
const PRIME = 0x01000193;

export function emptyTally(): Tally {
  return { rows: 0, hash: 0 };
}

/** A division costs more than all the rest of a sum. */
function wrapped(sum: number): number {
  return sum >= MODULUS ? sum - MODULUS : sum;
}

/** Adds one row. */
export function count(tally: Tally, hash: number): void {
  tally.rows++;
  tally.hash = wrapped(tally.hash + hash);
}

/** Adds what was counted elsewhere. */
export function add(tally: Tally, other: Tally): void {
  tally.rows += other.rows;
  tally.hash = wrapped(tally.hash + other.hash);
}

/** Takes away what was counted before. */
export function subtract(tally: Tally, other: Tally): void {
  tally.rows -= other.rows;
  tally.hash = wrapped(tally.hash - other.hash + MODULUS);
}

/** The tally of some records. */
export function tallyOf(hashes: Uint32Array): Tally {
  const tally = emptyTally();
  for (const hash of hashes) count(tally, hash);
  return tally;
}

/** Rows are not where they should be: nothing of them may be committed, and their stream fails. */
export class DroppedRecords extends ConnectorError {
  constructor(stream: string, source: Tally, runner: Tally, destination: Tally) {
    const same = source.rows === runner.rows && runner.rows === destination.rows;
    super(
      'system',
      `dropped records: since the last checkpoint the source handed over ${source.rows} rows, the runner passed on ${runner.rows} and the destination took ${destination.rows}${same ? ', but not the same ones (their hashes differ)' : ''}. None of them was committed.`,
      { stream, detail: `hashes: source ${source.hash}, runner ${runner.hash}, destination ${destination.hash}` },
    );
  }
}

/** Throws DroppedRecords unless the three have counted the same rows. */
export function compareTallies(stream: string, source: Tally, runner: Tally, destination: Tally): void {
  const same = (a: Tally, b: Tally) => a.rows === b.rows && a.hash === b.hash;
  if (!same(source, runner) || !same(runner, destination))
    throw new DroppedRecords(stream, { ...source }, { ...runner }, { ...destination });
}

/** The fields of the records that came last with the hashes of their names: most records have the same ones in a row. */
const names: string[] = [];
const nameHashes: number[] = [];

/** One hash a record, over its fields whatever their order: another one where any field differs. */
export function hashesOf(records: readonly RecordData[]): Uint32Array {
  const hashes = new Uint32Array(records.length);
  for (let index = 0; index < records.length; index++) hashes[index] = mixed(hashFields(records[index]!));
  return hashes;
}

function hashFields(record: RecordData): number {
  let hash = 7;
  let place = 0;
  for (const name in record) {
    const value = record[name];
    if (value === undefined) continue;
    if (names[place] !== name) {
      names[place] = name;
      nameHashes[place] = hashText(name) | 1;
    }
    hash = (hash + Math.imul(nameHashes[place]!, hashOf(value))) | 0;
    if (place < 255) place++;
  }
  return hash;
}

/** Bits far apart in the sum of products come together: rows that exchange values do not add up to the same. */
function mixed(hash: number): number {
  let mix = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return (mix ^ (mix >>> 16)) >>> 0;
}

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

function hashOf(value: unknown): number {
  if (typeof value === 'string') return hashText(value);
  if (typeof value === 'number') {
    if (Number.isInteger(value) && value === (value | 0)) return Math.imul(value ^ 0x5bd1e995, PRIME);
    double[0] = value;
    return mixed(words[0]! ^ Math.imul(words[1]!, PRIME));
  }
  if (value === null || value === undefined) return 1;
  if (typeof value === 'boolean') return value ? 3 : 2;
  if (typeof value === 'bigint') return hashText(String(value));
  if (Array.isArray(value)) {
    let hash = value.length | 0;
    for (const item of value) hash = (Math.imul(hash, 31) + hashOf(item)) | 0;
    return hash;
  }
  const object = value as Record<string, unknown>;
  let hash = 7;
  for (const key in object) {
    const item = object[key];
    if (item !== undefined) hash = (hash + Math.imul(hashText(key) | 1, mixed(hashOf(item)))) | 0;
  }
  return hash;
}

/** Two characters at a time; every character counts, also of a long text. */
function hashText(text: string): number {
  const { length } = text;
  if (length > LONG_TEXT) return hashLongText(text);
  let hash = 0x811c9dc5 ^ length;
  let index = 1;
  for (; index < length; index += 2)
    hash = Math.imul(hash ^ (text.charCodeAt(index - 1) | (text.charCodeAt(index) << 16)), PRIME);
  if (index === length) hash = Math.imul(hash ^ text.charCodeAt(length - 1), PRIME);
  return hash ^ (hash >>> 15);
}

function hashLongText(text: string): number {
  if (text.length <= PIECE) return crc32(text);
  let hash = 0;
  for (let at = 0; at < text.length; at += PIECE) hash = crc32(text.slice(at, at + PIECE), hash);
  return hash;
}
