import { BYTES, texts } from '../cutting/digit-spaces.js';
import type { KeySpace } from '../cutting/key-space.js';
import { NUMBERS } from '../cutting/number-space.js';
import { MOMENTS, TIMES } from '../cutting/time-space.js';
import { MARIADB_UUIDS } from '../cutting/uuid-space.js';
import type { MysqlColumn } from './types.js';
import { isYear, YEARS } from './years.js';

/** Where a value of a key's column may lie between two others. */
export function spaceOf(column: MysqlColumn): KeySpace | undefined {
  const { keyForm, type, collation, charset } = column;
  if (isYear(column)) return YEARS;
  switch (keyForm) {
    case 'number':
    case 'ordinal':
      return NUMBERS;
    case 'binary':
      return BYTES;
    case 'date':
    case 'datetime':
      return MOMENTS;
    case 'time':
      return TIMES;
    case 'text':
      if (type === 'uuid') return MARIADB_UUIDS;
      // MariaDB's addresses: what lies between two texts is none.
      if (type.startsWith('inet')) return undefined;
      return texts({
        isBinary: /_bin$/.test(collation ?? '_bin'),
        isUnicode: /^(?:utf8|utf16|utf32|ucs2)/.test(charset ?? ''),
      });
    default:
      return undefined;
  }
}
