import { ESCAPED_BYTES, texts } from '../cutting/digit-spaces.js';
import type { KeySpace } from '../cutting/key-space.js';
import { NUMBERS } from '../cutting/number-space.js';
import { MOMENTS, TIMES } from '../cutting/time-space.js';
import { UUIDS } from '../cutting/uuid-space.js';
import type { PostgresColumn } from './types.js';

const SPACES: Readonly<Record<string, KeySpace>> = {
  int2: NUMBERS,
  int4: NUMBERS,
  int8: NUMBERS,
  oid: NUMBERS,
  numeric: NUMBERS,
  date: MOMENTS,
  timestamp: MOMENTS,
  timestamptz: MOMENTS,
  time: TIMES,
  uuid: UUIDS,
  bytea: ESCAPED_BYTES,
};
const TEXTS: ReadonlySet<string> = new Set(['text', 'varchar', 'bpchar', 'name', 'citext']);
const BY_NUMBERS = /^(?:C|POSIX|ucs_basic|pg_c_utf8|C\.utf-?8)$/i;

/** Where a value of a key's column may lie between two others; `collation` is the name of its own, `default` the database's. */
export function spaceOf({ base }: PostgresColumn, collation: string): KeySpace | undefined {
  if (TEXTS.has(base)) return texts({ isBinary: BY_NUMBERS.test(collation), isUnicode: true });
  return Object.hasOwn(SPACES, base) ? SPACES[base] : undefined;
}
