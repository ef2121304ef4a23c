import { BYTES, texts } from '../cutting/digit-spaces.js';
import type { KeySpace } from '../cutting/key-space.js';
import { NUMBERS } from '../cutting/number-space.js';
import { MOMENTS, TIMES } from '../cutting/time-space.js';
import { UNIQUEIDENTIFIERS } from '../cutting/uuid-space.js';
import type { SqlServerColumn } from './types.js';

/** Where a value of a key's column may lie between two others. */
export function spaceOf({ keyForm, type, collation }: SqlServerColumn): KeySpace | undefined {
  switch (keyForm) {
    case 'number':
      return NUMBERS;
    case 'binary':
      return BYTES;
    case 'date':
    case 'datetime':
      return MOMENTS;
    case 'time':
      return TIMES;
    case 'uuid':
      return UNIQUEIDENTIFIERS;
    case 'text':
      return texts({ isBinary: /_BIN2?(?:_|$)/.test(collation ?? ''), isUnicode: type.startsWith('n') });
    default:
      return undefined;
  }
}
