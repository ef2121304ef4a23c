import { texts } from '../cutting/digit-spaces.js';
import type { KeySpace } from '../cutting/key-space.js';
import { MARIADB_UUIDS } from '../cutting/uuid-space.js';
import { FORM_SPACES } from '../keyed/form-spaces.js';
import type { MysqlColumn } from './types.js';
import { isYear, YEARS } from './years.js';

/** Where a value of a key's column may lie between two others. */
export function spaceOf(column: MysqlColumn): KeySpace | undefined {
  const { keyForm, type, collation, charset } = column;
  if (isYear(column)) return YEARS;
  if (keyForm !== 'text') return keyForm && FORM_SPACES[keyForm];
  if (type === 'uuid') return MARIADB_UUIDS;
  // MariaDB's addresses: what lies between two texts is none.
  if (type.startsWith('inet')) return undefined;
  return texts({
    isBinary: /_bin$/.test(collation ?? '_bin'),
    isUnicode: /^(?:utf8|utf16|utf32|ucs2)/.test(charset ?? ''),
  });
}
