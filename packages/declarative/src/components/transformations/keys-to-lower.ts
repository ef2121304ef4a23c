import { component } from '../../component/index.js';
import { replaceRecord } from './change-record.js';
import { renameKeys } from './rename-keys.js';
import { type Transformation, transformationSlot } from './slot.js';

const lower = (key: string): string => key.toLowerCase();

export const keysToLower = component('KeysToLower', {
  slot: transformationSlot,
  doc: "Writes the names of a record's own fields in lower case.",
  fields: {},
  examples: [{ type: 'KeysToLower' }],
  build: (): Transformation => ({ transform: (record) => replaceRecord(record, renameKeys(record, lower, 'top')) }),
});
