import { texts } from '../cutting/digit-spaces.js';
import type { KeySpace } from '../cutting/key-space.js';
import { UNIQUEIDENTIFIERS } from '../cutting/uuid-space.js';
import { FORM_SPACES } from '../keyed/form-spaces.js';
import type { SqlServerColumn } from './types.js';

/** Where a value of a key's column may lie between two others. */
export function spaceOf({ keyForm, type, collation }: SqlServerColumn): KeySpace | undefined {
  if (keyForm === 'uuid') return UNIQUEIDENTIFIERS;
  if (keyForm === 'text')
    return texts({ isBinary: /_BIN2?(?:_|$)/.test(collation ?? ''), isUnicode: type.startsWith('n') });
  return keyForm && FORM_SPACES[keyForm];
}
